// SPDX-License-Identifier: MIT OR Apache-2.0
use super::*;
use poe_rollup::state::Head;

/// A consistent deployment of no chain in particular.
pub(crate) fn sample() -> Deployment {
    let core = Address::repeat_byte(0x11);
    let genesis_root = genesis_root();
    Deployment {
        layout: LAYOUT,
        chain_id: 31337,
        name: "anvil".into(),
        from_block: 1,
        salt: B256::ZERO,
        config_hash: B256::ZERO,
        domain: formats::domain(31337, core),
        genesis_root,
        genesis_acc: formats::genesis_acc(31337, core, genesis_root).unwrap(),
        mock_verifier: true,
        insecure_setup: true,
        contracts: Contracts {
            proof_of_efficiency: core,
            exit_vault: Address::repeat_byte(0x22),
            router: Address::repeat_byte(0x33),
            verifier: Address::repeat_byte(0x44),
            state_machine: Address::repeat_byte(0x55),
            timelock: Address::repeat_byte(0x66),
            fee_token: Address::repeat_byte(0x77),
            lens: Address::repeat_byte(0x88),
        },
        code_hashes: BTreeMap::new(),
    }
}

fn genesis_root() -> B256 {
    Head::genesis(31337, &[0x11; 20]).state_root().to_bytes().into()
}

fn text_of(deployment: &Deployment) -> String {
    serde_json::to_string(deployment).unwrap()
}

#[test]
fn a_file_is_read_and_written_alike() {
    let sample = sample();
    assert_eq!(Deployment::parse(&text_of(&sample), "the sample").unwrap(), sample);
    // What a later release adds to the layout is no reason to refuse.
    let more = text_of(&sample).replacen('{', r#"{"versions": {"release": "9"}, "#, 1);
    assert_eq!(Deployment::parse(&more, "the sample").unwrap(), sample);
}

#[test]
fn a_file_that_contradicts_itself_is_refused_by_the_field() {
    let mut domain = sample();
    domain.domain = B256::repeat_byte(1);
    let error = Deployment::parse(&text_of(&domain), "the sample")
        .unwrap_err()
        .to_string();
    assert!(error.starts_with("the sample: domain is 0x0101"), "{error}");
    let mut moved = sample();
    moved.contracts.proof_of_efficiency = Address::repeat_byte(2);
    assert!(matches!(
        Deployment::parse(&text_of(&moved), "").unwrap_err(),
        DeploymentError::Inconsistent { field: "domain", .. }
    ));
    let mut acc = sample();
    acc.genesis_acc = B256::ZERO;
    assert!(matches!(
        Deployment::parse(&text_of(&acc), "").unwrap_err(),
        DeploymentError::Inconsistent {
            field: "genesisAcc",
            ..
        }
    ));
    let mut root = sample();
    root.genesis_root = B256::repeat_byte(0xff);
    assert!(matches!(
        Deployment::parse(&text_of(&root), "").unwrap_err(),
        DeploymentError::GenesisRoot { .. }
    ));
}

#[test]
fn other_layouts_and_other_texts_are_refused() {
    let mut layout = sample();
    layout.layout = 2;
    assert!(matches!(
        Deployment::parse(&text_of(&layout), "").unwrap_err(),
        DeploymentError::OtherLayout { found: 2, .. }
    ));
    assert!(matches!(
        Deployment::parse(r#"{"layout": 3}"#, "").unwrap_err(),
        DeploymentError::OtherLayout { found: 3, .. }
    ));
    for text in ["", "{}", "[]", r#"{"layout": 1}"#] {
        let error = Deployment::parse(text, "x").unwrap_err();
        assert!(matches!(error, DeploymentError::Malformed { .. }), "{text}: {error}");
    }
}

#[test]
fn files_are_found_by_chain_id() {
    let folder = std::env::temp_dir().join(format!("poe-bindings-deployments-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let missing = Deployment::read_from(&folder, 31337).unwrap_err().to_string();
    assert!(
        missing.contains("31337.json") && missing.contains("deploy first"),
        "{missing}"
    );
    std::fs::write(folder.join("31337.json"), text_of(&sample())).unwrap();
    assert_eq!(Deployment::read_from(&folder, 31337).unwrap(), sample());
    std::fs::write(folder.join("1.json"), text_of(&sample())).unwrap();
    assert!(matches!(
        Deployment::read_from(&folder, 1).unwrap_err(),
        DeploymentError::OtherChain {
            found: 31337,
            expected: 1,
            ..
        }
    ));
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn what_does_not_come_with_the_crate_is_said() {
    let error = Deployment::for_chain(31337).unwrap_err();
    assert!(
        matches!(error, DeploymentError::NotCommitted { chain_id: 31337, .. }),
        "{error}"
    );
}

// A deployment that is committed and not embedded would be invisible to everybody who uses this crate alone.
#[test]
fn all_committed_deployments_come_with_the_crate() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deployments");
    let entries = std::fs::read_dir(folder).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let ids = names.filter_map(|name| name.strip_suffix(".json")?.parse::<u64>().ok());
    // Git ignores the file of anvil's chain.
    for id in ids.filter(|id| *id != 31337) {
        Deployment::for_chain(id).unwrap();
    }
    for (id, _) in COMMITTED {
        Deployment::for_chain(*id).unwrap();
    }
}
