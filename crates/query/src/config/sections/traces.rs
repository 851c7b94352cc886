//! Where traces go: said in the file, or as OpenTelemetry has it in the environment.

use kefu_upstream::Endpoint;

use crate::trace::TraceSettings;

use super::super::reader::{At, Reader};
use super::expand;

/// Where all programs find their collector.
const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
const SERVICE: &str = "OTEL_SERVICE_NAME";
/// What is asked of a collector.
const PATH: &str = "/v1/traces";

/// Reads the section at `at`, if it is there.
pub(super) fn traces(
    reader: &mut Reader<'_>,
    at: &At<'_>,
    is_there: bool,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Option<TraceSettings> {
    let named = |name: &str| variable(name).filter(|value| !value.is_empty());
    let (mut endpoint, mut service, mut per_mille) = (named(ENDPOINT), named(SERVICE), 1_000);
    if is_there {
        let mut keys = reader.keys(at)?;
        let text = |reader: &mut Reader<'_>, at: At<'_>| {
            let text = reader.text(&at)?.to_owned();
            expand(reader, &at, &text, variable)
        };
        if let Some(at) = keys.take("endpoint") {
            endpoint = text(reader, at);
        }
        if let Some(at) = keys.take("service") {
            service = text(reader, at);
        }
        if let Some(share) = keys.take("per_mille").and_then(|at| reader.number(&at, 0, 1_000)) {
            per_mille = u16::try_from(share).unwrap_or(1_000);
        }
        reader.unknown(&keys);
    }
    let text = endpoint?;
    match text.parse::<Endpoint>() {
        Ok(endpoint) if endpoint.is_http() => {
            let path = format!("{}{PATH}", endpoint.path.trim_end_matches('/'));
            let endpoint = Endpoint { path, ..endpoint };
            Some(TraceSettings { endpoint, service: service.unwrap_or_else(|| "kefu".to_owned()), per_mille })
        }
        _ => {
            reader.wrong(at, "`endpoint` is no address such as http://collector:4318");
            None
        }
    }
}
