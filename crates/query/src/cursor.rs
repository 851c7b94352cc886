//! Cursors: the place of an object in its list, sealed, so that nobody makes up one that says what a policy would not.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value as Json;
use sha2::Sha256;

use crate::model::Kind;
use crate::rows::Cell;
use crate::scalar::Value;
use crate::source::Order;
use crate::value;

/// Bytes of a seal.
const SEAL_BYTES: usize = 16;
/// No cursor is longer.
const CURSOR_BYTES_MAX: usize = 4 << 10;

/// Seals cursors.
#[derive(Clone)]
pub(crate) struct Seal(Hmac<Sha256>);

impl std::fmt::Debug for Seal {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Seal(…)")
    }
}

impl Seal {
    pub(crate) fn new(secret: &[u8]) -> Self {
        Self(Hmac::new_from_slice(secret).expect("a secret of any length will do"))
    }

    /// Writes the cursor of an object, by the cells of the columns of its list's order.
    pub(crate) fn write<'c>(
        &self,
        out: &mut Vec<u8>,
        kind: &Kind,
        order: &[Order],
        is_backwards: bool,
        cell: &dyn Fn(usize) -> Cell<'c>,
    ) {
        let values = order.iter().map(|order| {
            let scalar = &kind.target.columns[order.column].scalar;
            value::from_cell(cell(order.column), scalar).map_or(Json::Null, |value| value::to_json(&value))
        });
        let body = serde_json::to_vec(&values.collect::<Vec<_>>()).expect("JSON can be written");
        let mut sealed = self.of(kind, order, is_backwards, &body).to_vec();
        sealed.extend(body);
        out.extend_from_slice(URL_SAFE_NO_PAD.encode(sealed).as_bytes());
    }

    /// The values of a cursor, for the order of a list as it is read forwards.
    pub(crate) fn open(&self, cursor: &str, kind: &Kind, order: &[Order]) -> Result<Vec<Value>, String> {
        let wrong =
            || "the cursor is not of this list, or older than the server: begin anew without it".to_owned();
        if cursor.len() > CURSOR_BYTES_MAX {
            return Err(wrong());
        }
        let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| wrong())?;
        let (seal, body) = bytes.split_at_checked(SEAL_BYTES).ok_or_else(wrong)?;
        let mut mac = self.0.clone();
        feed(&mut mac, kind, order, false, body);
        mac.verify_truncated_left(seal).map_err(|_| wrong())?;
        let values: Vec<Json> = serde_json::from_slice(body).map_err(|_| wrong())?;
        let values = values.iter().zip(order).map(|(json, order)| {
            let scalar = &kind.target.columns[order.column].scalar;
            value::from_json(json, scalar)
        });
        let values = values.collect::<Result<Vec<_>, _>>()?;
        if values.len() == order.len() { Ok(values) } else { Err(wrong()) }
    }

    fn of(&self, kind: &Kind, order: &[Order], is_backwards: bool, body: &[u8]) -> [u8; SEAL_BYTES] {
        let mut mac = self.0.clone();
        feed(&mut mac, kind, order, is_backwards, body);
        let whole = mac.finalize().into_bytes();
        let mut seal = [0; SEAL_BYTES];
        seal.copy_from_slice(&whole[..SEAL_BYTES]);
        seal
    }
}

/// What a seal is over: the type, the order as it is read forwards, and the values.
fn feed(mac: &mut Hmac<Sha256>, kind: &Kind, order: &[Order], is_backwards: bool, body: &[u8]) {
    mac.update(kind.name.as_bytes());
    for order in order {
        let is_descending = order.is_descending != is_backwards;
        mac.update(if is_descending { b"\0-" } else { b"\0+" });
        mac.update(kind.target.columns[order.column].field.as_bytes());
    }
    mac.update(b"\0\0");
    mac.update(body);
}
