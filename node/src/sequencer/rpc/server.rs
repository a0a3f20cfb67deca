// SPDX-License-Identifier: MIT OR Apache-2.0

use super::methods::handle;
use crate::sequencer::{SequencerError, Service};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, CONNECTION, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

/// What strangers may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerLimits {
    /// Connections at once; further ones wait to be accepted.
    pub connections: usize,
    /// Longest body of a request, in bytes.
    pub body: usize,
    /// How long a client may take to send a request.
    pub timeout: Duration,
    /// Requests that are worked on at once; further ones wait. Those whose client has left are counted.
    pub work: usize,
    /// How long a connection may last. After half of it, it is closed with the next answer.
    pub lifetime: Duration,
}

impl Default for ServerLimits {
    fn default() -> Self {
        Self {
            connections: 256,
            body: 64 * 1024,
            timeout: Duration::from_secs(10),
            work: 32,
            lifetime: Duration::from_secs(60),
        }
    }
}

/// The server, listening.
#[derive(Debug)]
pub struct RpcServer {
    listener: TcpListener,
    address: SocketAddr,
    service: Arc<Service>,
    limits: ServerLimits,
}

impl RpcServer {
    /// Listens on an address; port 0 takes a free one.
    pub async fn bind(address: &str, service: Arc<Service>, limits: ServerLimits) -> Result<Self, SequencerError> {
        let failed = |source| SequencerError::Listen {
            address: address.to_owned(),
            source,
        };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Self {
            listener,
            address,
            service,
            limits,
        })
    }

    /// The address it listens on.
    pub const fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Its URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Serves until `stop` completes, then lets requests that are being answered end.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        tokio::pin!(stop);
        let graceful = GracefulShutdown::new();
        let free = Arc::new(Semaphore::new(self.limits.connections));
        let work = Arc::new(Semaphore::new(self.limits.work));
        loop {
            let next = async {
                let permit = Arc::clone(&free).acquire_owned().await;
                (permit, self.listener.accept().await)
            };
            let (permit, accepted) = tokio::select! {
                biased;
                () = &mut stop => break,
                next = next => next,
            };
            let stream = match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    // Out of file descriptors, say: at once again would only burn time.
                    tracing::warn!(%error, "a connection was not accepted");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            };
            let limits = self.limits;
            let (service, work) = (Arc::clone(&self.service), Arc::clone(&work));
            let opened = Instant::now();
            let answer = service_fn(move |request| {
                let (service, work) = (Arc::clone(&service), Arc::clone(&work));
                async move {
                    let mut response = answer(service, work, limits, request).await;
                    if opened.elapsed() > limits.lifetime / 2 {
                        response
                            .headers_mut()
                            .insert(CONNECTION, HeaderValue::from_static("close"));
                    }
                    Ok::<_, Infallible>(response)
                }
            });
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(limits.timeout)
                .max_buf_size(limits.body.max(16 * 1024))
                .serve_connection(TokioIo::new(stream), answer);
            // A client that does not read what it asked for would keep its connection for ever.
            let connection = tokio::time::timeout(limits.lifetime, graceful.watch(connection));
            tokio::spawn(async move {
                match connection.await {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => tracing::debug!(%error, "a connection ended"),
                    Err(_) => tracing::debug!("a connection lasted too long"),
                }
                drop(permit);
            });
        }
        let _ = tokio::time::timeout(self.limits.timeout, graceful.shutdown()).await;
    }
}

async fn answer(
    service: Arc<Service>,
    work: Arc<Semaphore>,
    limits: ServerLimits,
    request: Request<Incoming>,
) -> Response<Full<Bytes>> {
    if request.method() != Method::POST {
        let mut response = text(
            StatusCode::METHOD_NOT_ALLOWED,
            "JSON-RPC 2.0 over POST is served here; try poe_info\n",
        );
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
        return response;
    }
    let body = Limited::new(request.into_body(), limits.body).collect();
    let body = match tokio::time::timeout(limits.timeout, body).await {
        Err(_) => return text(StatusCode::REQUEST_TIMEOUT, "the body did not come in time\n"),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            let message = format!("the body is longer than {} bytes\n", limits.body);
            return text(StatusCode::PAYLOAD_TOO_LARGE, &message);
        }
        Ok(Err(error)) => return text(StatusCode::BAD_REQUEST, &format!("the body cannot be read: {error}\n")),
        Ok(Ok(body)) => body.to_bytes(),
    };
    // Signatures are checked and the journal is written: not for the threads that serve connections.
    // The work outlives a client that leaves, and so does its permit.
    let permit = work.acquire_owned().await;
    let work = move || {
        let answer = handle(&service, &body);
        drop(permit);
        answer
    };
    match tokio::task::spawn_blocking(work).await {
        Ok(Some(answer)) => {
            let mut response = Response::new(Full::new(Bytes::from(answer)));
            response
                .headers_mut()
                .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            response
        }
        Ok(None) => text(StatusCode::NO_CONTENT, ""),
        Err(error) => {
            tracing::error!(%error, "a request failed");
            text(
                StatusCode::INTERNAL_SERVER_ERROR,
                "the sequencer failed; its operator finds the reason in the log\n",
            )
        }
    }
}

fn text(status: StatusCode, message: &str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::copy_from_slice(message.as_bytes())));
    *response.status_mut() = status;
    response
}
