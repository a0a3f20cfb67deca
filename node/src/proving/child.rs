// SPDX-License-Identifier: MIT OR Apache-2.0
//! A worker's hold on its child process: started when it is needed, kept while it serves, killed when its job is given up.

use super::job::{Id, Job};
use super::protocol::{Reply, Request, Settings};
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{ChildStdin, ChildStdout, Command};
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

/// Bytes that are kept of what a child writes to standard error.
const LAST_WORDS: usize = 4096;

/// Why a child has not done what it was asked to.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChildError {
    /// It cannot be started or spoken to.
    #[error("the prover process {program}: {source}")]
    Io {
        /// The program.
        program: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It ended in the middle.
    #[error("the prover process ended ({status}){}{words}", if .words.is_empty() { "" } else { ": " })]
    Ended {
        /// How.
        status: String,
        /// What it wrote last to standard error.
        words: String,
    },
    /// An input is missing or proves nothing.
    #[error("input {id}: {why}")]
    BadInput {
        /// Which.
        id: Id,
        /// Why.
        why: String,
    },
    /// It failed, and would fail again.
    #[error("{0}")]
    Permanent(String),
    /// It failed for a reason that may pass.
    #[error("{0}")]
    Transient(String),
    /// The disk is full.
    #[error("{0}")]
    Full(String),
    /// It answered something else.
    #[error("the prover process answered {0}")]
    Unexpected(String),
}

/// A running child.
#[derive(Debug)]
struct Process {
    child: tokio::process::Child,
    input: ChildStdin,
    replies: Lines<BufReader<ChildStdout>>,
    words: Arc<std::sync::Mutex<Vec<u8>>>,
    listener: JoinHandle<()>,
    settings: Settings,
}

/// Starts children and asks them. One serves at a time; others who ask wait.
#[derive(Debug)]
pub struct Prover {
    program: PathBuf,
    arguments: Vec<OsString>,
    idle: Mutex<Option<Process>>,
}

impl Prover {
    /// Children are `program prove-job`.
    pub fn new(program: impl Into<PathBuf>) -> Self {
        Self {
            program: program.into(),
            arguments: vec!["prove-job".into()],
            idle: Mutex::new(None),
        }
    }

    /// Children are this program.
    ///
    /// # Errors
    ///
    /// If it cannot be told which that is.
    pub fn this_program() -> io::Result<Self> {
        Ok(Self::new(std::env::current_exe()?))
    }

    /// The program.
    pub fn program(&self) -> &Path {
        &self.program
    }

    fn error(&self, source: io::Error) -> ChildError {
        ChildError::Io {
            program: self.program.clone(),
            source,
        }
    }

    async fn start(&self, settings: &Settings) -> Result<Process, ChildError> {
        let mut child = Command::new(&self.program)
            .args(&self.arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| self.error(error))?;
        let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(input), Some(output), Some(errors)) = pipes else {
            return Err(self.error(io::Error::other("a pipe is missing")));
        };
        let words = Arc::<std::sync::Mutex<Vec<u8>>>::default();
        let listener = tokio::spawn(keep_last_words(errors, words.clone()));
        let mut process = Process {
            child,
            input,
            replies: BufReader::new(output).lines(),
            words,
            listener,
            settings: settings.clone(),
        };
        self.tell(&mut process, settings).await?;
        Ok(process)
    }

    async fn tell(&self, process: &mut Process, message: &impl serde::Serialize) -> Result<(), ChildError> {
        let mut line = serde_json::to_vec(message).expect("plain data");
        line.push(b'\n');
        match process.input.write_all(&line).await {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(ended(process).await),
            Err(error) => Err(self.error(error)),
        }
    }

    /// Asks a child, one that is there if it has these settings. If the future is dropped the child is killed.
    ///
    /// # Errors
    ///
    /// If there is no child to be had, it ends, or it answers that it failed.
    pub async fn ask(
        &self,
        settings: &Settings,
        request: &Request,
        on_reply: &(dyn Fn(&Reply) + Send + Sync),
    ) -> Result<Reply, ChildError> {
        let mut idle = self.idle.lock().await;
        let mut process = match idle.take() {
            Some(process) if process.settings == *settings => process,
            _ => self.start(settings).await?,
        };
        // From here on the process is this future's: dropped with it, killed with it.
        self.tell(&mut process, request).await?;
        loop {
            let line = process.replies.next_line().await.map_err(|error| self.error(error))?;
            let Some(line) = line else {
                return Err(ended(&mut process).await);
            };
            let Ok(reply) = serde_json::from_str::<Reply>(&line) else {
                return Err(ChildError::Unexpected(line));
            };
            on_reply(&reply);
            if reply.is_last() {
                *idle = Some(process);
                return understood(reply);
            }
        }
    }

    /// Proves a job whose inputs are in the folder.
    ///
    /// # Errors
    ///
    /// As [`Self::ask`].
    pub async fn prove(
        &self,
        settings: &Settings,
        job: &Job,
        on_reply: &(dyn Fn(&Reply) + Send + Sync),
    ) -> Result<f64, ChildError> {
        match self.ask(settings, &Request::Prove(*job), on_reply).await? {
            Reply::Done { seconds } => Ok(seconds),
            other => Err(ChildError::Unexpected(format!("{other:?}"))),
        }
    }

    /// Ends an idle child, which frees what it keeps warm.
    pub async fn rest(&self) {
        self.idle.lock().await.take();
    }

    /// The number of the idle child's process.
    pub async fn idle_process(&self) -> Option<u32> {
        self.idle.lock().await.as_ref().and_then(|process| process.child.id())
    }
}

fn understood(reply: Reply) -> Result<Reply, ChildError> {
    match reply {
        Reply::BadInput { id, why } => Err(ChildError::BadInput { id, why }),
        Reply::Full { why } => Err(ChildError::Full(why)),
        Reply::Failed { why, permanent: true } => Err(ChildError::Permanent(why)),
        Reply::Failed { why, permanent: false } => Err(ChildError::Transient(why)),
        reply => Ok(reply),
    }
}

async fn ended(process: &mut Process) -> ChildError {
    let status = match process.child.wait().await {
        Ok(status) => status.to_string(),
        Err(error) => error.to_string(),
    };
    // What it said last may not have been read yet; a process of its own may hold the pipe for ever.
    let _ = tokio::time::timeout(Duration::from_secs(1), &mut process.listener).await;
    let words = process.words.lock().unwrap_or_else(PoisonError::into_inner);
    let words = String::from_utf8_lossy(&words).trim().to_owned();
    ChildError::Ended { status, words }
}

async fn keep_last_words(mut errors: tokio::process::ChildStderr, words: Arc<std::sync::Mutex<Vec<u8>>>) {
    let mut piece = [0; 1024];
    while let Ok(length @ 1..) = errors.read(&mut piece).await {
        let mut words = words.lock().unwrap_or_else(PoisonError::into_inner);
        words.extend(&piece[..length]);
        let excess = words.len().saturating_sub(LAST_WORDS);
        words.drain(..excess);
    }
}

#[cfg(test)]
mod tests {
    use super::super::circuits::{Circuits, Setup};
    use super::super::job::Work;
    use super::*;
    use poe_rollup::formats::Capacity;
    use poe_verifier_gen::wrap::Shape;

    fn settings() -> Settings {
        Settings {
            circuits: Circuits {
                capacity: Capacity::REFERENCE,
                shape: Shape::DEFAULT,
                setup: Setup::InsecureDevelopment,
            },
            proofs: "proofs".into(),
            cache: "cache".into(),
            lock: "lock".into(),
        }
    }

    fn job() -> Job {
        Job {
            circuit: Id([1; 32]),
            work: Work::Wrap { last: Id([2; 32]) },
        }
    }

    /// A shell in the child's place, which reads the settings and then does as the script says.
    fn shell(script: &str) -> Prover {
        let mut prover = Prover::new("/bin/sh");
        prover.arguments = vec!["-c".into(), format!("read settings; {script}").into()];
        prover
    }

    #[tokio::test]
    async fn answers_become_results_and_a_child_serves_again() {
        let prover = shell(
            r#"read r; echo '{"reply":"begun","step":"prove node"}'; echo '{"reply":"done","seconds":1.5}'
            read r; echo '{"reply":"failed","why":"no memory","permanent":false}'
            read r; echo '{"reply":"failed","why":"no proof","permanent":true}'
            read r; echo "no JSON""#,
        );
        let heard = std::sync::Mutex::new(vec![]);
        let listen = |reply: &Reply| heard.lock().unwrap().push(reply.clone());
        assert_eq!(prover.prove(&settings(), &job(), &listen).await.expect("done"), 1.5);
        assert_eq!(heard.lock().unwrap().len(), 2);
        let first = prover.idle_process().await.expect("it stays");
        let prove = async || prover.prove(&settings(), &job(), &|_| ()).await.expect_err("failed");
        assert!(matches!(prove().await, ChildError::Transient(why) if why == "no memory"));
        assert!(matches!(prove().await, ChildError::Permanent(why) if why == "no proof"));
        assert_eq!(prover.idle_process().await, Some(first));
        assert!(matches!(prove().await, ChildError::Unexpected(line) if line == "no JSON"));
        assert_eq!(prover.idle_process().await, None);
    }

    // REQ C12
    #[tokio::test]
    async fn a_child_that_dies_is_told_from_one_that_fails() {
        let prover = shell("echo 'out of memory' >&2; read r; kill -9 $$");
        let error = prover.prove(&settings(), &job(), &|_| ()).await.expect_err("killed");
        assert!(
            matches!(&error, ChildError::Ended { status, .. } if status.contains('9')),
            "{error}"
        );
        assert!(error.to_string().contains("out of memory"), "{error}");
        let error = Prover::new("/nowhere").prove(&settings(), &job(), &|_| ()).await;
        assert!(error.expect_err("no program").to_string().contains("/nowhere"));
    }

    // REQ C12
    #[tokio::test]
    async fn a_job_that_is_given_up_kills_the_child() {
        let scratch = tempfile::tempdir().expect("a folder");
        let file = scratch.path().join("pid");
        let prover = shell(&format!("echo $$ > {}; read r; sleep 600", file.display()));
        let (settings, job) = (settings(), job());
        let proven = prover.prove(&settings, &job, &|_| ());
        tokio::time::timeout(Duration::from_secs(2), proven)
            .await
            .expect_err("it sleeps");
        let pid = std::fs::read_to_string(&file).expect("it started");
        let process = PathBuf::from("/proc").join(pid.trim());
        for _ in 0..50 {
            // A zombie until the runtime reaps it.
            let state = std::fs::read_to_string(process.join("stat")).unwrap_or_default();
            if state.is_empty() || state.contains(") Z ") {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("process {pid} is still there");
    }
}
