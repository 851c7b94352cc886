//! The report as JUnit's XML, which every CI shows: a test for each condition, and one for the run itself.

use std::fmt::Write as _;

use super::{Report, html::escaped, table::measured};

pub(super) fn junit(report: &Report) -> String {
    let form = escaped(&format!("kefu bench {}", report.form));
    let failures = report.thresholds.iter().filter(|checked| !checked.holds).count();
    let (errors, tests) = (usize::from(!report.invalid.is_empty()), report.thresholds.len() + 1);
    let seconds = report.measured_s();
    let mut cases = String::new();
    let mut case = |name: &str, inside: &str| {
        let name = escaped(name);
        let case = match inside {
            "" => writeln!(cases, "    <testcase classname=\"{form}\" name=\"{name}\"/>"),
            _ => writeln!(cases, "    <testcase classname=\"{form}\" name=\"{name}\">{inside}</testcase>"),
        };
        debug_assert!(case.is_ok(), "writing to a string does not fail");
    };
    let reasons = escaped(&report.invalid.join("; "));
    let error = if errors > 0 { format!("<error message=\"{reasons}\"/>") } else { String::new() };
    case("the run is valid", &error);
    for checked in &report.thresholds {
        let failure = format!("<failure message=\"measured {}\"/>", measured(checked.measured));
        case(&checked.threshold, if checked.holds { "" } else { &failure });
    }
    let counts =
        format!("tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" time=\"{seconds:.3}\"");
    let text = escaped(&super::table::text(report));
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"kefu bench\" {counts}>\n  \
         <testsuite name=\"{form}, {}\" {counts}>\n{cases}    <system-out>{text}</system-out>\n  </testsuite>\n</testsuites>\n",
        escaped(&report.scenario)
    )
}
