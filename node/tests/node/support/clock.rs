// SPDX-License-Identifier: MIT OR Apache-2.0
//! A wall clock that jumps: a library that is loaded before the C library, and adds what a file says to the time of day.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const SOURCE: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
int clock_gettime(clockid_t id, struct timespec *at) {
    static int (*next)(clockid_t, struct timespec *);
    if (!next) next = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int failed = next(id, at);
    const char *name = getenv("POE_TEST_CLOCK");
    FILE *file = id == CLOCK_REALTIME && name ? fopen(name, "r") : NULL;
    long seconds = 0;
    if (file) {
        if (fscanf(file, "%ld", &seconds) == 1) at->tv_sec += seconds;
        fclose(file);
    }
    return failed;
}
"#;

/// The library and the file.
pub struct Clock {
    library: PathBuf,
    file: PathBuf,
}

impl Clock {
    /// `None`, and a line on standard error, if it cannot be built here.
    pub fn build(folder: &Path) -> Option<Self> {
        let [source, library, file] = ["clock.c", "clock.so", "clock"].map(|name| folder.join(name));
        fs::write(&source, SOURCE).unwrap();
        let mut compiler = Command::new("cc");
        compiler
            .args(["-shared", "-fPIC", "-o"])
            .arg(&library)
            .arg(&source)
            .arg("-ldl");
        if !(cfg!(target_os = "linux") && compiler.status().is_ok_and(|status| status.success())) {
            eprintln!("NOT RUN: no library is loaded before the C library here, or there is no cc to make it");
            return None;
        }
        fs::write(&file, "0").unwrap();
        Some(Self { library, file })
    }

    /// Seconds that a process is ahead of the time from now on.
    pub fn set(&self, ahead: i64) {
        let draft = self.file.with_extension("new");
        fs::write(&draft, ahead.to_string()).unwrap();
        fs::rename(draft, &self.file).unwrap();
    }

    pub fn wind(&self, command: &mut Command) {
        command
            .env("LD_PRELOAD", &self.library)
            .env("POE_TEST_CLOCK", &self.file);
    }
}
