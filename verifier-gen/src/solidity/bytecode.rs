// SPDX-License-Identifier: MIT OR Apache-2.0
//! The code a contract compiles to, to be compared with what is deployed.

use serde_json::Value;
use std::io;
use std::path::Path;
use std::process::Command;

/// As the project compiles verifiers (foundry.toml).
const SETTINGS: &str = r#"[profile.default]
src = "contracts"
solc = "0.8.30"
evm_version = "osaka"
optimizer = true
optimizer_runs = 800
bytecode_hash = "none"
auto_detect_remappings = false
"#;

/// A contract could not be compiled.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    /// A file, or forge itself.
    #[error("{what}: {source}")]
    Io {
        /// Which.
        what: String,
        /// Why.
        source: io::Error,
    },
    /// forge refused.
    #[error("forge build: {0}")]
    Forge(String),
    /// forge built something else.
    #[error("forge built no contract {0}")]
    Missing(String),
}

/// Runtime code of `name` in `source`, which imports nothing but `interface` from `../interfaces/IVerifier.sol`, compiled in a
/// folder of its own with the settings of this project by forge (the program that FORGE names).
///
/// # Errors
///
/// If forge is not there, or refuses the source.
pub fn compile(source: &str, name: &str, interface: &str) -> Result<Vec<u8>, CompileError> {
    let failed = |what: &Path| {
        let what = what.display().to_string();
        move |source| CompileError::Io { what, source }
    };
    let folder = tempfile::tempdir().map_err(failed(Path::new("a temporary folder")))?;
    let root = folder.path();
    let contract = format!("contracts/verifiers/{name}.sol");
    for (file, text) in [
        ("foundry.toml", SETTINGS),
        ("contracts/interfaces/IVerifier.sol", interface),
        (contract.as_str(), source),
    ] {
        let path = root.join(file);
        std::fs::create_dir_all(path.parent().expect("a file in a folder")).map_err(failed(&path))?;
        std::fs::write(&path, text).map_err(failed(&path))?;
    }
    let forge = std::env::var("FORGE").unwrap_or_else(|_| "forge".to_string());
    let output = Command::new(&forge)
        .arg("build")
        .arg("--root")
        .arg(root)
        .output()
        .map_err(failed(Path::new(&forge)))?;
    if !output.status.success() {
        let said = [output.stdout, output.stderr].concat();
        return Err(CompileError::Forge(String::from_utf8_lossy(&said).trim().to_string()));
    }
    let artifact = root.join(format!("out/{name}.sol/{name}.json"));
    let text = std::fs::read(&artifact).map_err(failed(&artifact))?;
    let artifact: Value = serde_json::from_slice(&text).map_err(|_| CompileError::Missing(name.to_string()))?;
    let code = artifact["deployedBytecode"]["object"]
        .as_str()
        .and_then(|hex| hex.strip_prefix("0x"));
    code.and_then(|hex| hex::decode(hex).ok())
        .ok_or_else(|| CompileError::Missing(name.to_string()))
}

/// Code without the metadata that solc puts behind it: CBOR, and its length in the last two bytes.
pub fn without_metadata(code: &[u8]) -> &[u8] {
    let Some((rest, length)) = code.split_last_chunk::<2>() else {
        return code;
    };
    let length = usize::from(u16::from_be_bytes(*length));
    match rest.len().checked_sub(length) {
        // A map of one or two entries, the last of them named solc.
        Some(start) if rest[start..].windows(5).any(|bytes| bytes == b"\x64solc") => &rest[..start],
        _ => code,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // REQ V14
    #[test]
    fn metadata_is_cut_off_and_nothing_else() {
        let code = [0x60, 0x80, 0x60, 0x40];
        let metadata = b"\xa1\x64solc\x43\x00\x08\x1e";
        let whole = [&code[..], metadata, &(metadata.len() as u16).to_be_bytes()].concat();
        assert_eq!(without_metadata(&whole), code);
        for other in [&code[..], &[], &[0], &[0xff, 0xff], &whole[..whole.len() - 1]] {
            assert_eq!(without_metadata(other), other);
        }
        // As long as its end says, and no metadata.
        assert_eq!(without_metadata(&[0x60, 0x80, 0x00, 0x02]), [0x60, 0x80, 0x00, 0x02]);
        let other = [&code[..], &[0xab; 10], &[0x00, 0x0a]].concat();
        assert_eq!(without_metadata(&other), other);
    }

    const INTERFACE: &str = "// SPDX-License-Identifier: MIT\npragma solidity 0.8.30;\ninterface IVerifier { }\n";

    fn compiled(body: &str, name: &str) -> Result<Vec<u8>, CompileError> {
        let source = format!(
            "// SPDX-License-Identifier: MIT\npragma solidity 0.8.30;\n\
             import {{IVerifier}} from \"../interfaces/IVerifier.sol\";\ncontract Small is IVerifier {{ {body} }}\n"
        );
        compile(&source, name, INTERFACE)
    }

    // REQ V14
    #[test]
    fn a_source_gives_its_runtime_code() {
        let answer = |n: u8| {
            let body = format!("function f() external pure returns (uint256) {{ return {n}; }}");
            compiled(&body, "Small").expect("a contract")
        };
        let code = answer(42);
        assert!(
            without_metadata(&code).len() < code.len(),
            "solc's version is behind it"
        );
        assert!(code.windows(2).any(|pair| pair == [0x60, 42]), "PUSH1 42");
        assert_eq!(code, answer(42));
        assert_ne!(without_metadata(&code), without_metadata(&answer(43)));
    }

    // REQ C12
    #[test]
    fn what_forge_refuses_is_told_in_its_words() {
        let error = compiled("function f() external { nothing(); }", "Small").expect_err("no such function");
        assert!(
            matches!(&error, CompileError::Forge(said) if said.contains("Undeclared identifier")),
            "{error}"
        );
    }
}
