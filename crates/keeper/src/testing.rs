//! Plans carried out on the exchange of the tests.

use kedge_engine::Accounts;
use kedge_interface::address;
use kedge_model::account::market::Market;
use kedge_sender::Plan;
use kedge_sender::build::decoded;
use kedge_state::testing::TestExchange;

/// Carries out plans.
pub(crate) trait RunPlan {
    /// Carries out a plan that must succeed.
    fn run_plan(&mut self, plan: &Plan);
}

impl RunPlan for TestExchange {
    fn run_plan(&mut self, plan: &Plan) {
        if !plan.refresh.is_empty() {
            self.refresh();
        }
        let directory = self.directory();
        for call in &plan.calls {
            let signer = call.actor().map(|account| self.owner(account)).unwrap_or_default();
            self.run(decoded(&directory, call, signer).expect("a call of market 0"));
        }
        let market: &Market = self.state.read(&address::market(0)).unwrap();
        market.invariant().unwrap();
    }
}
