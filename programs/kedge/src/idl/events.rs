//! The records of events: an enum of all, and each as an event of Anchor's form.
//!
//! Anchor tells events apart by bytes in front of them. In a message each record stands behind a `RecordHeader`, whose
//! bytes are the same for all records of a kind: that header is the discriminator.

use kedge_model::Layout;
use kedge_model::event::{Batch, EventKind, EventSink, NO_MARKET, RecordHeader, RecordLayout};

use super::vocabulary::{enumeration, gap};
use super::{String, ToString, Vec, documented, format, parts, structure};

/// The records, an enum of them whose tag is the record header's kind, and the event of each kind: the record's fields
/// under the name of the kind, as Anchor's clients look for it.
pub(crate) fn types(types: &mut Vec<&'static str>) {
    let mut variants: Vec<String> = Vec::new();
    for &kind in EventKind::ALL {
        let RecordLayout { name, fields, .. } = kind.record();
        structure(name, fields, types);
        parts(fields, types);
        let event = format!("{kind:?}");
        documented(
            &event,
            &[&format!("Event: a {name} behind its RecordHeader, which is the discriminator.")],
            fields,
            types,
        );
        variants.extend((variants.len()..usize::from(kind as u8)).map(gap));
        variants.push(format!(
            "{{\"name\":\"{event}\",\"fields\":[{{\"name\":\"record\",\"type\":{{\"defined\":{{\"name\":\"{name}\"}}}}}}]}}"
        ));
    }
    enumeration(
        "KedgeEvent",
        "A record behind its kind; messages carry a RecordHeader in place of the tag.",
        variants.into_iter(),
        types,
    );
}

/// The events: name and discriminator.
pub(crate) fn events() -> Vec<String> {
    EventKind::ALL
        .iter()
        .map(|&kind| {
            let bytes: Vec<String> = header(kind).iter().map(ToString::to_string).collect();
            format!("{{\"name\":\"{kind:?}\",\"discriminator\":[{}]}}", bytes.join(","))
        })
        .collect()
}

/// The bytes in front of a record in a message, as the program writes them.
fn header(kind: EventKind) -> [u8; RecordHeader::SIZE] {
    const RECORD: usize = Batch::HEADER + RecordHeader::SIZE;
    let zeros = [0; 512];
    let mut buffer = [0; RECORD + 512];
    let mut batch = Batch::new(&mut buffer, 0);
    batch.record(kind, &zeros[..kind.record().size]);
    let message = batch.finish([0; 32], 0, 0, NO_MARKET).expect("it has room for the largest record");
    message[Batch::HEADER..RECORD].try_into().expect("a record is behind its header")
}
