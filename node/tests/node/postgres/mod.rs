// SPDX-License-Identifier: MIT OR Apache-2.0
//! A PostgreSQL of a test's own: made in a temporary folder, reachable through a socket in it only, stopped at the end.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A running cluster.
pub(crate) struct Cluster {
    programs: PathBuf,
    folder: tempfile::TempDir,
}

/// The folder of PostgreSQL's server programs: Debian keeps it off the path.
fn programs() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    if let Ok(versions) = std::fs::read_dir("/usr/lib/postgresql") {
        folders.extend(
            versions
                .filter_map(Result::ok)
                .map(|version| version.path().join("bin")),
        );
    }
    folders
        .into_iter()
        .find(|folder| folder.join("initdb").is_file() && folder.join("pg_ctl").is_file())
}

fn is_root() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().any(|line| line.starts_with("Uid:\t0\t"))
}

impl Cluster {
    /// Starts one; `None`, and a line on standard error, if PostgreSQL is not installed.
    pub(crate) fn start() -> Option<Self> {
        let Some(programs) = programs() else {
            eprintln!("NOT RUN: no initdb on the path or under /usr/lib/postgresql; install PostgreSQL to run this");
            return None;
        };
        let folder = tempfile::Builder::new().prefix("poe-pg-").tempdir().expect("a folder");
        let cluster = Self { programs, folder };
        if is_root() {
            // The server refuses to run as root.
            let owner = Command::new("chown")
                .arg("postgres")
                .arg(cluster.folder.path())
                .status();
            assert!(owner.expect("chown runs").success(), "there is no user postgres");
        }
        let data = cluster.data();
        cluster.run("initdb", &["-D", &data, "-U", "postgres", "--auth=trust", "--no-sync"]);
        cluster.start_again();
        Some(cluster)
    }

    /// Starts a server that was stopped.
    pub(crate) fn start_again(&self) {
        let options = format!("-k {} -c listen_addresses= -c fsync=off", self.path().display());
        let log = self.path().join("log");
        let log = log.to_str().expect("a plain path");
        self.run(
            "pg_ctl",
            &["-D", &self.data(), "-w", "-l", log, "-o", &options, "start"],
        );
    }

    /// Stops the server as a crash does.
    pub(crate) fn stop(&self) {
        self.run("pg_ctl", &["-D", &self.data(), "-w", "-m", "immediate", "stop"]);
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn data(&self) -> String {
        self.path().join("data").to_str().expect("a plain path").to_owned()
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let program = self.programs.join(program);
        let mut command = if is_root() {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(&program);
            command
        } else {
            Command::new(&program)
        };
        let output = command
            .args(arguments)
            .current_dir(self.path())
            .stdout(Stdio::null())
            .status();
        assert!(
            output.expect("it runs").success(),
            "{} {arguments:?}",
            program.display()
        );
    }

    /// Where it answers.
    pub(crate) fn url(&self) -> String {
        format!("postgres://postgres@localhost/postgres?host={}", self.path().display())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.stop();
    }
}
