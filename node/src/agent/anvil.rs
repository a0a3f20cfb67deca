// SPDX-License-Identifier: MIT OR Apache-2.0
//! anvil, as a child that does not outlive this process, however that ends.

use super::dry_run::ForkError;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

/// Runs a program until standard input ends. A pipe ends with the process that holds it, even when that is killed.
const LEASH: &str = r#""$@" & child=$!; exec >&-; read -r line; kill -9 "$child"; wait "$child""#;

/// How long it may take to open its port.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running anvil; it ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Anvil {
    /// Where it answers.
    pub(crate) url: String,
    _leash: ChildStdin,
    _shell: Child,
}

impl Anvil {
    /// Starts it on a free port of this machine.
    pub(crate) async fn start(program: &Path, arguments: &[&str]) -> Result<Self, ForkError> {
        let failed = |source| ForkError::Start {
            program: program.to_owned(),
            source,
        };
        let found = find(program).map_err(failed)?;
        let mut shell = Command::new("/bin/sh")
            .args(["-c", LEASH, "sh"])
            .arg(found)
            .args(["--host", "127.0.0.1", "--port", "0", "--hardfork", "osaka"])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            // An interrupt at the terminal is this process's to deal with.
            .process_group(0)
            .spawn()
            .map_err(failed)?;
        let silent = |said: String| ForkError::Silent {
            program: program.to_owned(),
            said,
        };
        let (Some(leash), Some(output)) = (shell.stdin.take(), shell.stdout.take()) else {
            return Err(silent(String::new()));
        };
        let mut lines = BufReader::new(output).lines();
        let opened = tokio::time::timeout(PATIENCE, port(&mut lines)).await;
        let address = opened.map_err(|_| silent("nothing".into()))?.map_err(silent)?;
        // Read on, or a full pipe stops it.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(Self {
            url: format!("http://{address}"),
            _leash: leash,
            _shell: shell,
        })
    }
}

/// An error if there is no such program.
pub(crate) fn require(program: &Path) -> Result<(), ForkError> {
    match find(program) {
        Ok(_) => Ok(()),
        Err(source) => Err(ForkError::Start {
            program: program.to_owned(),
            source,
        }),
    }
}

/// The shell would not say in time that there is no such program.
fn find(program: &Path) -> io::Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let candidates: Vec<PathBuf> = if program.components().count() > 1 {
        vec![program.to_owned()]
    } else {
        std::env::split_paths(&path)
            .map(|folder| folder.join(program))
            .collect()
    };
    let found = candidates.into_iter().find(|candidate| candidate.is_file());
    found.ok_or_else(|| io::ErrorKind::NotFound.into())
}

/// Where it listens, or what it said last.
async fn port(lines: &mut Lines<BufReader<ChildStdout>>) -> Result<String, String> {
    let mut said = String::new();
    while let Ok(Some(line)) = lines.next_line().await {
        if let Some(address) = line.strip_prefix("Listening on ") {
            return Ok(address.trim().to_owned());
        }
        if !line.trim().is_empty() {
            said = line;
        }
    }
    Err(said)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn script(folder: &Path, text: &str) -> PathBuf {
        let path = folder.join("anvil");
        std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    fn runs(process: &str) -> bool {
        let state = std::fs::read_to_string(format!("/proc/{}/stat", process.trim())).unwrap_or_default();
        // A zombie that nobody reaps does not run.
        !state.is_empty() && !state.contains(") Z ")
    }

    #[tokio::test]
    async fn it_ends_when_nobody_holds_its_leash() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("process");
        let text = format!(
            "echo $$ > {}; echo Listening on 127.0.0.1:1; exec sleep 600",
            file.display()
        );
        let anvil = Anvil::start(&script(folder.path(), &text), &[]).await.unwrap();
        assert_eq!(anvil.url, "http://127.0.0.1:1");
        let process = std::fs::read_to_string(file).unwrap();
        assert!(runs(&process));
        drop(anvil);
        for _ in 0..100 {
            if !runs(&process) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("process {process} is still there");
    }

    #[tokio::test]
    async fn what_it_says_last_is_told_if_it_does_not_serve() {
        let folder = tempfile::tempdir().unwrap();
        let program = script(folder.path(), "echo no such fork");
        let error = Anvil::start(&program, &[]).await.unwrap_err();
        assert!(matches!(&error, ForkError::Silent { said, .. } if said == "no such fork"));
    }
}
