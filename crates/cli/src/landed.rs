//! Outcome and signature of a command's transactions in its JSON, in one form for all commands.

use serde_json::{Value, json};
use solana_signature::Signature;

use crate::session::Session;

impl Session {
    /// Remembers a landed transaction of the command.
    pub(crate) fn has_landed(&self, signature: Signature) {
        self.landed.borrow_mut().push(signature);
    }

    /// Adds `outcome` and `signature` of the transactions that landed since the last call to a command's JSON. Of
    /// several transactions `signature` is the first and `signatures` are all, in order. In a list they go to the
    /// elements without an `outcome`, in order.
    ///
    /// * `sends`: whether the command is one that sends. Both fields are then `null` when nothing had to be sent.
    pub(crate) fn named(&self, mut json: Value, sends: bool) -> Value {
        let landed = self.landed.take();
        if landed.is_empty() && !sends {
            return json;
        }
        match &mut json {
            Value::Array(list) => {
                let mut landed = landed.into_iter();
                for one in list.iter_mut().filter(|one| one.get("outcome").is_none()) {
                    name(one, landed.next().as_slice());
                }
            }
            one => name(one, &landed),
        }
        json
    }
}

fn name(json: &mut Value, landed: &[Signature]) {
    let Value::Object(fields) = json else { return };
    fields.insert("outcome".into(), json!(landed.first().map(|_| "landed")));
    fields.insert("signature".into(), json!(landed.first().map(Signature::to_string)));
    if landed.len() > 1 {
        fields.insert("signatures".into(), landed.iter().map(Signature::to_string).collect());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(json: Value, landed: &[Signature]) -> Value {
        let mut json = json;
        name(&mut json, landed);
        json
    }

    #[test]
    fn the_first_is_the_signature_and_several_are_listed() {
        let [one, two] = [[1; 64], [2; 64]].map(Signature::from);
        assert_eq!(named(json!({}), &[]), json!({ "outcome": null, "signature": null }));
        assert_eq!(named(json!({ "id": 3 }), &[one])["signature"], json!(one.to_string()));
        let both = named(json!({}), &[one, two]);
        assert_eq!((&both["outcome"], &both["signature"]), (&json!("landed"), &json!(one.to_string())));
        assert_eq!(both["signatures"], json!([one.to_string(), two.to_string()]));
        assert_eq!(named(json!("text"), &[one]), json!("text"), "what has no fields has no place for them");
    }
}
