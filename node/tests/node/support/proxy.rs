// SPDX-License-Identifier: MIT OR Apache-2.0
//! A provider that answers as bad providers do: it passes questions on to a good one, unless a test has another answer.

use alloy::transports::http::reqwest::Client;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// What is answered instead of the truth.
pub enum Answer {
    Result(Value),
    Error(i64, &'static str),
    /// The true result, changed.
    Altered(Box<dyn FnOnce(&mut Value) + Send>),
    /// A status of HTTP that is no success.
    Status(u16),
    /// Half of the true answer.
    Cut,
    /// The end of the connection.
    Close,
    /// The truth, late.
    Late(Duration),
    /// The true answer to other parameters.
    To(Value),
}

type Fault = Box<dyn FnMut(&str, &Value) -> Option<Answer> + Send>;

pub struct Proxy {
    pub url: String,
    fault: Arc<Mutex<Option<Fault>>>,
}

impl Proxy {
    /// Stands before the provider at `honest`.
    pub async fn start(honest: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let fault = Arc::<Mutex<Option<Fault>>>::default();
        let (honest, shared) = (honest.to_owned(), Arc::clone(&fault));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, honest.clone(), Arc::clone(&shared)));
            }
        });
        Self { url, fault }
    }

    /// From now on, method and parameters for which `fault` has an answer get that one.
    pub fn fail(&self, fault: impl FnMut(&str, &Value) -> Option<Answer> + Send + 'static) {
        *self.fault.lock().unwrap() = Some(Box::new(fault));
    }

    /// Answers truly again.
    pub fn heal(&self) {
        *self.fault.lock().unwrap() = None;
    }
}

async fn serve(stream: TcpStream, honest: String, fault: Arc<Mutex<Option<Fault>>>) -> std::io::Result<()> {
    let client = Client::new();
    let mut stream = BufReader::new(stream);
    while let Some(question) = read(&mut stream).await? {
        let (mut status, mut is_cut) = (200, false);
        let body = match wrong_answer(&question, &fault) {
            Some(Answer::Result(result)) => response(&question, "result", &result),
            Some(Answer::Error(code, message)) => {
                response(&question, "error", &json!({ "code": code, "message": message }))
            }
            Some(Answer::Altered(change)) => {
                let mut answer: Value = serde_json::from_str(&ask(&client, &honest, &question).await).unwrap();
                if let Some(result) = answer.get_mut("result") {
                    change(result);
                }
                answer.to_string()
            }
            Some(Answer::Status(code)) => {
                status = code;
                String::new()
            }
            Some(Answer::Cut) => {
                is_cut = true;
                ask(&client, &honest, &question).await
            }
            Some(Answer::Close) => return Ok(()),
            Some(Answer::Late(by)) => {
                tokio::time::sleep(by).await;
                ask(&client, &honest, &question).await
            }
            Some(Answer::To(params)) => {
                let mut other = question.clone();
                other["params"] = params;
                ask(&client, &honest, &other).await
            }
            None => ask(&client, &honest, &question).await,
        };
        let length = body.len();
        let head = format!("HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n");
        stream.write_all(head.as_bytes()).await?;
        let whole = body.as_bytes();
        stream
            .write_all(if is_cut { &whole[..length / 2] } else { whole })
            .await?;
        stream.flush().await?;
        if is_cut {
            return Ok(());
        }
    }
    Ok(())
}

async fn ask(client: &Client, honest: &str, question: &Value) -> String {
    let request = client.post(honest).header("content-type", "application/json");
    let response = request.body(question.to_string()).send().await;
    response.unwrap().text().await.unwrap()
}

fn response(question: &Value, name: &str, value: &Value) -> String {
    json!({ "jsonrpc": "2.0", "id": question["id"], name: value }).to_string()
}

/// The body of the next request; `None` at the end.
async fn read(stream: &mut BufReader<TcpStream>) -> std::io::Result<Option<Value>> {
    let mut length = 0;
    let mut line = String::new();
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(None);
        }
        let header = line.trim().to_ascii_lowercase();
        if header.is_empty() {
            break;
        }
        if let Some(value) = header.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    Ok(Some(serde_json::from_slice(&body).unwrap()))
}

fn wrong_answer(question: &Value, fault: &Mutex<Option<Fault>>) -> Option<Answer> {
    let mut fault = fault.lock().unwrap_or_else(PoisonError::into_inner);
    fault.as_mut()?(question["method"].as_str()?, &question["params"])
}
