//! What a command has sent, named in its JSON: in one place, so that no command has a form of its own.

use serde_json::{Value, json};
use solana_signature::Signature;

use crate::session::Session;

impl Session {
    /// Remembers that a transaction of the command has landed.
    pub fn has_landed(&self, signature: Signature) {
        self.landed.borrow_mut().push(signature);
    }

    /// The JSON of a command with `outcome` and `signature` of what has landed since this was asked last; of several
    /// transactions `signature` is the first and `signatures` are all of them, in order. Of a list each element is named that
    /// has no `outcome` yet, in order.
    ///
    /// * `sends`: whether the command is one that sends; both are `null` then where nothing had to be sent.
    pub fn named(&self, mut json: Value, sends: bool) -> Value {
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
