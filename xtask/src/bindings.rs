// SPDX-License-Identifier: MIT OR Apache-2.0
//! The contracts' artifacts as the bindings ship them: `bindings/artifacts/<Name>.json`, one for alloy and ethers alike.
//!
//! Cut from forge's output to what a caller needs: the ABI and, for contracts that somebody deploys, the creation code. No
//! compiler metadata and no paths, so that a file changes only when its contract does.

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

const FOLDER: &str = "bindings/artifacts";

/// What of a contract is published.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// The ABI: nobody deploys it by itself.
    Abi,
    /// The ABI and the creation code.
    AbiAndCode,
}

/// The published contracts, and the file below `out/` where forge leaves each.
const CONTRACTS: [(&str, &str, Part); 8] = [
    // In the generated verifier's file name its setup is part of the name: a verifier of another setup is another contract.
    (
        "BatchVerifierInsecureDev",
        "BatchVerifierInsecureDev.sol",
        Part::AbiAndCode,
    ),
    // The core creates its vault.
    ("ExitVault", "ExitVault.sol", Part::Abi),
    ("IVerifier", "IVerifier.sol", Part::Abi),
    ("PaymentsStateMachine", "PaymentsStateMachine.sol", Part::AbiAndCode),
    ("PoELens", "PoELens.sol", Part::AbiAndCode),
    ("ProofOfEfficiency", "ProofOfEfficiency.sol", Part::AbiAndCode),
    // What local deployments use as the fee token.
    ("TestToken", "TestToken.sol", Part::AbiAndCode),
    ("VerifierRouter", "VerifierRouter.sol", Part::AbiAndCode),
];

/// Writes all artifacts from what `forge build` left in `out/`.
pub(crate) fn write(root: &Path) -> Result<()> {
    let folder = root.join(FOLDER);
    fs::create_dir_all(&folder).with_context(|| format!("creating {}", folder.display()))?;
    for (name, text) in files(root)? {
        let path = folder.join(name);
        fs::write(&path, text).with_context(|| format!("writing {}", path.display()))?;
    }
    Ok(())
}

/// Fails if an artifact on disk differs from what `forge build` left in `out/`, is missing, or is one too many.
pub(crate) fn check(root: &Path) -> Result<()> {
    let folder = root.join(FOLDER);
    let expected = files(root)?;
    let mut stale: Vec<String> = expected
        .iter()
        .filter(|(name, text)| fs::read_to_string(folder.join(name)).ok().as_ref() != Some(text))
        .map(|(name, _)| name.clone())
        .collect();
    let entries = fs::read_dir(&folder).with_context(|| format!("reading {}", folder.display()))?;
    for entry in entries {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if !expected.iter().any(|(n, _)| *n == name) {
            stale.push(name);
        }
    }
    if stale.is_empty() {
        return Ok(());
    }
    bail!(
        "{FOLDER} is not what the contracts compile to: {}; run `make bindings`",
        stale.join(", ")
    )
}

/// File name and text of every artifact.
fn files(root: &Path) -> Result<Vec<(String, String)>> {
    CONTRACTS
        .into_iter()
        .map(|(name, source, part)| {
            let path = root.join("out").join(source).join(format!("{name}.json"));
            let text = fs::read_to_string(&path)
                .with_context(|| format!("reading {}: run `forge build` first", path.display()))?;
            let artifact = serde_json::from_str(&text).with_context(|| format!("parsing {}", path.display()))?;
            let trimmed = trim(&artifact, part).with_context(|| format!("in {}", path.display()))?;
            Ok((format!("{name}.json"), serde_json::to_string_pretty(&trimmed)? + "\n"))
        })
        .collect()
}

/// The published part of one of forge's artifacts.
fn trim(artifact: &Value, part: Part) -> Result<Value> {
    let abi = artifact.get("abi").filter(|abi| abi.is_array());
    let mut abi = abi.context("there is no array \"abi\"")?.clone();
    unqualify(&mut abi, &mut BTreeMap::new())?;
    if part == Part::Abi {
        return Ok(json!({ "abi": abi }));
    }
    let code = artifact.pointer("/bytecode/object").and_then(Value::as_str);
    let code = code.context("there is no string \"bytecode.object\"")?;
    // An address to be linked stands in the code as `__$...$__`; code without any is an interface's.
    let digits = code.strip_prefix("0x").unwrap_or_default();
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        bail!("\"bytecode.object\" is not code that can be deployed as it is: empty, or not hexadecimal");
    }
    Ok(json!({ "abi": abi, "bytecode": { "object": code } }))
}

/// Cuts `struct IProving.Claim` to `struct Claim`, everywhere below `value`. `alloy::sol!` gives each interface that a struct
/// is declared in a namespace of its own, out of which it does not find the structs that belong to no interface.
fn unqualify(value: &mut Value, known: &mut BTreeMap<String, String>) -> Result<()> {
    match value {
        Value::Array(items) => items.iter_mut().try_for_each(|item| unqualify(item, known)),
        Value::Object(fields) => {
            if let Some(Value::String(name)) = fields.get_mut("internalType") {
                unqualify_name(name, known)?;
            }
            fields.values_mut().try_for_each(|field| unqualify(field, known))
        }
        _ => Ok(()),
    }
}

/// `known` holds the full name behind every short one, so that no two structs fall together.
fn unqualify_name(name: &mut String, known: &mut BTreeMap<String, String>) -> Result<()> {
    let Some((keyword @ ("struct" | "enum"), full)) = name.split_once(' ') else {
        return Ok(());
    };
    let (full, dimensions) = full.split_at(full.find('[').unwrap_or(full.len()));
    let short = full.rsplit('.').next().unwrap_or(full);
    let first = known.entry(short.to_owned()).or_insert_with(|| full.to_owned());
    if first != full {
        bail!("{first} and {full} cannot both be called {short}: rename one of them");
    }
    *name = format!("{keyword} {short}{dimensions}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn artifact() -> Value {
        json!({
            "abi": [{ "type": "function", "name": "f" }],
            "bytecode": { "object": "0x6001", "sourceMap": "1:2", "linkReferences": {} },
            "metadata": { "sources": { "contracts/A.sol": {} } },
        })
    }

    #[test]
    fn only_abi_and_code_are_kept() {
        let expected = json!({ "abi": [{ "type": "function", "name": "f" }], "bytecode": { "object": "0x6001" } });
        assert_eq!(trim(&artifact(), Part::AbiAndCode).unwrap(), expected);
        assert_eq!(
            trim(&artifact(), Part::Abi).unwrap(),
            json!({ "abi": expected["abi"].clone() })
        );
    }

    #[test]
    fn structs_lose_their_namespace_but_not_their_identity() {
        let of = |types: &[&str]| {
            let inputs: Vec<Value> = types.iter().map(|name| json!({ "internalType": name })).collect();
            trim(&json!({ "abi": [{ "inputs": [{ "components": inputs }] }] }), Part::Abi)
        };
        let abi = of(&["struct A.B[2][]", "struct C", "contract D", "enum E.F", "struct A.B"]).unwrap();
        let names: Vec<&Value> = (0..5)
            .map(|i| &abi["abi"][0]["inputs"][0]["components"][i]["internalType"])
            .collect();
        assert_eq!(names, ["struct B[2][]", "struct C", "contract D", "enum F", "struct B"]);
        assert!(of(&["struct A.B", "struct C.B"]).is_err());
        assert!(of(&["struct A.B", "struct B"]).is_err());
    }

    #[test]
    fn code_that_cannot_be_deployed_is_refused() {
        for code in [
            json!("0x"),
            json!(""),
            json!("0x60__$ab$__"),
            json!("6001"),
            json!(null),
        ] {
            let mut artifact = artifact();
            artifact["bytecode"]["object"] = code.clone();
            assert!(trim(&artifact, Part::AbiAndCode).is_err(), "{code}");
            assert!(trim(&artifact, Part::Abi).is_ok());
        }
        assert!(trim(&json!({ "abi": "none" }), Part::Abi).is_err());
    }

    #[test]
    fn a_changed_missing_or_surplus_artifact_is_noticed() {
        let root = std::env::temp_dir().join(format!("xtask-bindings-{}", std::process::id()));
        let error = write(&root).unwrap_err().to_string();
        assert!(error.contains("forge build"), "{error}");
        for (name, source, _) in CONTRACTS {
            fs::create_dir_all(root.join("out").join(source)).unwrap();
            let path = root.join("out").join(source).join(format!("{name}.json"));
            fs::write(path, artifact().to_string()).unwrap();
        }
        write(&root).unwrap();
        check(&root).unwrap();
        let path = root.join(FOLDER).join("PoELens.json");
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.replace("6001", "6002")).unwrap();
        assert!(check(&root).unwrap_err().to_string().contains("PoELens.json"));
        fs::remove_file(&path).unwrap();
        assert!(check(&root).is_err());
        fs::write(&path, text).unwrap();
        fs::write(root.join(FOLDER).join("Stray.json"), "{}").unwrap();
        assert!(check(&root).unwrap_err().to_string().contains("Stray.json"));
        fs::remove_dir_all(&root).unwrap();
    }
}
