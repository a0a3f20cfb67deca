// SPDX-License-Identifier: MIT OR Apache-2.0
//! A private L1 with the contracts on it, deployed by the script that testnets use, with the verifier that accepts everything: in
//! these tests nothing is proven.

use crate::deploy::deploy;
use alloy::primitives::{Address, B256, Bytes, U256};
use alloy::providers::{DynProvider, Provider, ProviderBuilder, ext::AnvilApi};
use alloy::rpc::types::{TransactionReceipt, TransactionRequest};
use alloy::sol_types::SolCall;
use poe_bindings::Deployment;
use poe_bindings::contracts::proof_of_efficiency::ProofOfEfficiency;
use poe_bindings::contracts::test_token::TestToken;
use poe_bindings::formats;
use poe_node::l1::{L1Client, preimage};
use poe_node::store::{DataDirectory, Identity, Store, View};
use poe_node::sync::Follower;
use poe_rollup::formats::Capacity;
use poe_rollup::schnorr::SecretKey;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// anvil's well-known accounts; the chain signs for them.
pub const DEPLOYER: Address = alloy::primitives::address!("f39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
pub const ALICE: Address = alloy::primitives::address!("70997970C51812dc3A010C7d01b50e0d17dc79C8");
pub const ALICE_KEY: &str = "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d";
pub const PROVER: Address = alloy::primitives::address!("3C44CdDdB6a900fa2b585dd299e03d12FA4293BC");

const GWEI: u64 = 1_000_000_000;
const MOST_GAS: u64 = 10_000_000;
const MOST_GAS_PRICE: u128 = 200 * GWEI as u128;

pub struct Chain {
    /// None if another process runs it.
    process: Option<Child>,
    pub url: String,
    pub provider: DynProvider,
    pub deployment: Deployment,
    pub deployment_file: PathBuf,
    _scratch: tempfile::TempDir,
}

impl Drop for Chain {
    fn drop(&mut self) {
        let Some(process) = &mut self.process else { return };
        let _ = process.kill();
        let _ = process.wait();
        let _ = fs::remove_file(&self.deployment_file);
    }
}

pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// A tool of the pinned version, which `make deps` puts here, or the one on the path.
pub fn tool(name: &str) -> PathBuf {
    let pinned = repository().join("target/bin").join(name);
    if pinned.exists() { pinned } else { name.into() }
}

impl Chain {
    pub async fn start() -> Self {
        Self::start_with(None).await
    }

    /// With a verifier of this capacity instead of the reference's.
    pub async fn start_with(capacity: Option<Capacity>) -> Self {
        let scratch = tempfile::tempdir().unwrap();
        let log = scratch.path().join("anvil.log");
        let process = Command::new(tool("anvil"))
            .args(["--host", "127.0.0.1", "--port", "0", "--hardfork", "osaka"])
            .env("NO_COLOR", "1")
            .stdin(Stdio::null())
            .stdout(File::create(&log).unwrap())
            .stderr(File::create(scratch.path().join("anvil.err")).unwrap())
            .spawn()
            .expect("anvil is needed: run make deps");
        let url = wait_for_port(&log);
        let provider = ProviderBuilder::new().connect_http(url.parse().unwrap()).erased();
        let deployment_file = deploy(&provider, &url, capacity).await;
        let deployment = Deployment::read(&deployment_file).unwrap();
        Self {
            process: Some(process),
            url,
            provider,
            deployment,
            deployment_file,
            _scratch: scratch,
        }
    }

    /// A chain that another process runs.
    pub fn attach(url: &str, deployment_file: &Path) -> Self {
        Self {
            process: None,
            url: url.to_owned(),
            provider: ProviderBuilder::new().connect_http(url.parse().unwrap()).erased(),
            deployment: Deployment::read(deployment_file).unwrap(),
            deployment_file: deployment_file.to_owned(),
            _scratch: tempfile::tempdir().unwrap(),
        }
    }

    /// Transactions of an account on the chain, and how many of them reverted.
    pub async fn transactions_of(&self, account: Address) -> (u64, u64) {
        let (mut sent, mut reverted) = (0, 0);
        for number in 1..=self.provider.get_block_number().await.unwrap() {
            let receipts = self.provider.get_block_receipts(number.into()).await.unwrap();
            for receipt in receipts
                .unwrap_or_default()
                .iter()
                .filter(|receipt| receipt.from == account)
            {
                sent += 1;
                reverted += u64::from(!receipt.status());
            }
        }
        (sent, reverted)
    }

    pub fn core(&self) -> Address {
        self.deployment.contracts.proof_of_efficiency
    }

    pub async fn follower(&self, folder: &Path) -> Follower {
        self.follower_with_range(folder, 10_000).await
    }

    pub async fn follower_with_range(&self, folder: &Path, range: u64) -> Follower {
        self.follower_at(&self.url, folder, range).await
    }

    /// A follower that reads through another provider of this chain.
    pub async fn follower_at(&self, url: &str, folder: &Path, range: u64) -> Follower {
        let contracts = self.deployment.contracts.clone();
        let client = L1Client::connect(url, self.deployment.chain_id, contracts)
            .await
            .unwrap();
        let client = client.with_largest_range(range);
        let identity = Identity {
            chain_id: self.deployment.chain_id,
            contract: self.core().into(),
            exit_delay: client.exit_delay().await.unwrap(),
            start: self.deployment.from_block.saturating_sub(1),
        };
        Follower::new(
            client,
            Store::open(DataDirectory::lock(folder).unwrap(), identity).unwrap(),
        )
    }

    pub async fn send(&self, from: Address, to: Address, call: impl SolCall, value_gwei: u64) -> TransactionReceipt {
        self.send_raw(from, to, call.abi_encode(), value_gwei).await
    }

    pub async fn send_raw(&self, from: Address, to: Address, data: Vec<u8>, value_gwei: u64) -> TransactionReceipt {
        let value = U256::from(value_gwei) * U256::from(GWEI);
        let request = TransactionRequest::default()
            .from(from)
            .to(to)
            .input(Bytes::from(data).into())
            .value(value);
        let receipt = self.mined(request).await;
        assert!(receipt.status());
        receipt
    }

    /// Whether the contract takes a call.
    pub async fn takes(&self, from: Address, data: Vec<u8>) -> bool {
        let request = TransactionRequest::default().from(from).to(self.core());
        self.mined(request.input(Bytes::from(data).into())).await.status()
    }

    /// Asks for the receipt itself: alloy's watcher waits for block numbers to rise, and tests take blocks back.
    async fn mined(&self, request: TransactionRequest) -> TransactionReceipt {
        // anvil would fill in a nonce and a fee that it remembers of blocks it has taken back.
        let nonce = self
            .provider
            .get_transaction_count(request.from.unwrap())
            .await
            .unwrap();
        let request = request
            .nonce(nonce)
            // What is estimated for one block is too little for the next: the fee controller's work depends on the time that passes.
            .gas_limit(MOST_GAS)
            .max_fee_per_gas(MOST_GAS_PRICE)
            .max_priority_fee_per_gas(GWEI.into());
        let hash = *self.provider.send_transaction(request).await.unwrap().tx_hash();
        let deadline = Instant::now() + Duration::from_secs(60);
        while Instant::now() < deadline {
            if let Some(receipt) = self.provider.get_transaction_receipt(hash).await.unwrap() {
                return receipt;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("transaction {hash} was not mined within a minute");
    }

    /// Fee tokens for an account, in its fee balance.
    pub async fn fund(&self, account: Address) {
        let amount = U256::from(10u64).pow(U256::from(24u64));
        let token = self.deployment.contracts.fee_token;
        self.send(account, token, TestToken::mintCall { account, amount }, 0)
            .await;
        self.send(
            account,
            token,
            TestToken::approveCall {
                spender: self.core(),
                value: amount,
            },
            0,
        )
        .await;
        self.send(
            account,
            self.core(),
            ProofOfEfficiency::depositFeesCall { account, amount },
            0,
        )
        .await;
    }

    pub async fn register(&self, from: Address, key: &SecretKey, gwei: u64) {
        let call = ProofOfEfficiency::registerCall {
            publicKey: Bytes::copy_from_slice(&key.public().to_bytes()),
            l1Owner: from,
            maxFeeGwei: U256::MAX,
        };
        self.send(from, self.core(), call, gwei).await;
    }

    pub fn sequence_call(&self, batches: &[Vec<u8>], fee_recipient: u32) -> ProofOfEfficiency::sequenceBatchesCall {
        let genesis = formats::genesis_checkpoint(self.deployment.chain_id, self.core(), self.deployment.genesis_root);
        let limits = formats::limits_at_checkpoint(U256::MAX, u64::MAX, 0, &genesis.unwrap());
        ProofOfEfficiency::sequenceBatchesCall {
            batches: batches.iter().map(|batch| Bytes::copy_from_slice(batch)).collect(),
            feeRecipient: fee_recipient,
            limits,
        }
    }

    pub async fn sequence(&self, from: Address, batches: &[Vec<u8>], fee_recipient: u32) -> TransactionReceipt {
        self.send(from, self.core(), self.sequence_call(batches, fee_recipient), 0)
            .await
    }

    /// "Proves" up to a sequence. `change` makes another claim of it.
    pub async fn verify(&self, view: &View, last: u64, change: impl FnOnce(&mut ProofOfEfficiency::Claim)) {
        let init = view.chain().last_verified;
        let mut claim = preimage::claim(view, init, last, PROVER, U256::ZERO).unwrap();
        change(&mut claim);
        let statement = formats::statement(self.deployment.domain, 1, &claim).unwrap();
        let proof = Bytes::copy_from_slice(&statement.hash());
        let number = alloy::primitives::aliases::U40::wrapping_from;
        let call = ProofOfEfficiency::verifyBatchesCall {
            init: number(init),
            last: number(last),
            claim,
            proof,
        };
        self.send(PROVER, self.core(), call, 0).await;
    }

    /// "Proves" all there is in a view, if much of it waits: the contract takes no more than so many batches.
    pub async fn verify_backlog(&self, view: &View) {
        let chain = view.chain();
        if chain.batches - view.last_batch_of(chain.last_verified).unwrap() > 24 {
            self.verify(view, chain.last_sequence, |_| ()).await;
        }
    }

    pub async fn mine(&self, blocks: u64) {
        if blocks == 0 {
            return;
        }
        self.provider.anvil_mine(Some(blocks), None).await.unwrap();
    }

    pub async fn pass_time(&self, seconds: u64) {
        self.provider.anvil_increase_time(seconds).await.unwrap();
        self.mine(1).await;
    }

    pub async fn snapshot(&self) -> U256 {
        self.provider.anvil_snapshot().await.unwrap()
    }

    /// Takes back everything since the snapshot.
    pub async fn revert(&self, snapshot: U256) {
        assert!(self.provider.anvil_revert(snapshot).await.unwrap());
    }

    /// A contract of the tests' own, from the artifacts that the deployment has built.
    pub async fn create(&self, artifact: &str) -> Address {
        let path = repository().join("out").join(artifact);
        let json: serde_json::Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        let code: Bytes = json["bytecode"]["object"].as_str().unwrap().parse().unwrap();
        let request = TransactionRequest::default().from(DEPLOYER).input(code.into());
        let request = TransactionRequest {
            to: Some(alloy::primitives::TxKind::Create),
            ..request
        };
        let receipt = self.mined(request).await;
        receipt.contract_address.unwrap()
    }

    pub async fn block_hash(&self, number: u64) -> B256 {
        self.provider
            .get_block_by_number(number.into())
            .await
            .unwrap()
            .unwrap()
            .header
            .hash
    }
}

/// Waits until anvil has mined what it was sent, if it mines by itself: it does so a little later.
pub async fn settled(provider: &DynProvider) {
    let automine: bool = provider.raw_request("anvil_getAutomine".into(), ()).await.unwrap();
    for _ in 0..200 {
        let pool: serde_json::Value = provider.raw_request("txpool_status".into(), ()).await.unwrap();
        if !automine || pool["pending"] == "0x0" {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn wait_for_port(log: &Path) -> String {
    let deadline = Instant::now() + Duration::from_secs(60);
    while Instant::now() < deadline {
        let text = fs::read_to_string(log).unwrap();
        let listening = text.lines().find_map(|line| line.strip_prefix("Listening on "));
        // The line may be half written.
        if let Some(address) = listening.filter(|_| text.ends_with('\n')) {
            return format!("http://{}", address.trim());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!(
        "anvil opened no port within a minute: {}",
        fs::read_to_string(log).unwrap()
    );
}
