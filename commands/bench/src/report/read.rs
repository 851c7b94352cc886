use std::{fs::File, io::BufReader, path::Path};

use kefu_app::{Failure, Text};

use super::Report;
use crate::usage;

/// More reports than this in a file are refused.
const REPORTS_MAX: usize = 1000;

/// Reads a file of reports in JSON, one after the other.
pub(crate) fn read(path: &Path) -> Result<Vec<Report>, Failure> {
    let cannot = || {
        let path = path.display();
        usage(format!("cannot read a report from {path}"), format!("无法从 {path} 读取报告"))
    };
    let file = File::open(path).map_err(|error| cannot().because(error))?;
    let mut reports = Vec::new();
    for report in serde_json::Deserializer::from_reader(BufReader::new(file)).into_iter::<Report>() {
        reports.push(report.map_err(|error| cannot().because(error))?);
        if reports.len() > REPORTS_MAX {
            return Err(cannot().hint(Text::new(
                format!("a file has at most {REPORTS_MAX} reports"),
                format!("一个文件最多有 {REPORTS_MAX} 份报告"),
            )));
        }
    }
    if reports.is_empty() {
        return Err(cannot().hint(Text::new(
            "there is none in it; write it with --format json",
            "其中没有报告; 请用 --format json 写出",
        )));
    }
    Ok(reports)
}
