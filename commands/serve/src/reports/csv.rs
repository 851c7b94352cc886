//! A report as a file for spreadsheets.

use kefu_app::Language;
use kefu_text::csv;

use super::view::{DurationsView, FiguresView, ReportView};

/// Titles of the columns behind the first, in English and in Chinese.
const TITLES: [(&str, &str); 38] = [
    ("opened", "会话量"),
    ("handled", "接待量"),
    ("missed", "漏接量"),
    ("abandoned", "排队放弃量"),
    ("resolved", "结束量"),
    ("resolved_by_clock", "超时结束量"),
    ("transfers", "转接量"),
    ("messages_in", "访客消息数"),
    ("messages_out", "客服消息数"),
    ("messages_bot", "机器人消息数"),
    ("queue_waits", "排队接入量"),
    ("queue_wait_mean_s", "平均排队时长(秒)"),
    ("queue_wait_p50_s", "排队时长P50(秒)"),
    ("queue_wait_p90_s", "排队时长P90(秒)"),
    ("first_responses", "首次响应量"),
    ("first_response_mean_s", "平均首次响应(秒)"),
    ("first_response_p50_s", "首次响应P50(秒)"),
    ("first_response_p90_s", "首次响应P90(秒)"),
    ("responses", "响应次数"),
    ("response_mean_s", "平均响应(秒)"),
    ("response_p50_s", "响应P50(秒)"),
    ("response_p90_s", "响应P90(秒)"),
    ("handlings", "接待次数"),
    ("handling_mean_s", "平均接待时长(秒)"),
    ("handling_p50_s", "接待时长P50(秒)"),
    ("handling_p90_s", "接待时长P90(秒)"),
    ("rating_invitations", "邀评量"),
    ("ratings", "参评量"),
    ("rating_mean", "平均评分"),
    ("satisfied", "满意度"),
    ("participation", "参评率"),
    ("rated_1", "1分"),
    ("rated_2", "2分"),
    ("rated_3", "3分"),
    ("rated_4", "4分"),
    ("rated_5", "5分"),
    ("waiting_target_met", "排队达标率"),
    ("first_response_target_met", "首次响应达标率"),
];

/// What the first column is called, what a row is called that has no name, and the last row.
fn words(by: &str, language: Language) -> [&'static str; 3] {
    let (english, chinese) = match by {
        "hour" => ("hour", "时段"),
        "day" => ("day", "日期"),
        "agent" => ("agent", "客服"),
        "team" => ("team", "技能组"),
        "inbox" => ("inbox", "渠道"),
        _ => ("tag", "标签"),
    };
    match language {
        Language::English => [english, "none", "total"],
        Language::Chinese => [chinese, "无", "合计"],
    }
}

/// Writes a report with a row of titles and, at the end, one of totals.
pub(crate) fn write(report: &ReportView, language: Language) -> String {
    let mut out = csv::BOM.to_owned();
    let title = |(english, chinese): (&'static str, &'static str)| match language {
        Language::English => english,
        Language::Chinese => chinese,
    };
    let [group, none, total] = words(report.by, language);
    let titles = TITLES.into_iter().map(title);
    titles.fold(csv::Row::new(&mut out).text(group), |row, title| row.text(title)).end();
    for row in &report.rows {
        write_row(row.name.as_deref().unwrap_or(none), &row.figures, &mut out);
    }
    write_row(total, &report.total, &mut out);
    out
}

fn write_row(name: &str, figures: &FiguresView, out: &mut String) {
    let ratings = &figures.ratings;
    let row = csv::Row::new(out)
        .text(name)
        .number(figures.opened)
        .number(figures.handled)
        .number(figures.missed)
        .number(figures.abandoned)
        .number(figures.resolved)
        .number(figures.resolved_by_clock)
        .number(figures.transfers)
        .number(figures.messages_in)
        .number(figures.messages_out)
        .number(figures.messages_bot);
    let durations = [&figures.queue_wait, &figures.first_response, &figures.response, &figures.handling];
    let row = durations.into_iter().fold(row, |row, durations| {
        let DurationsView { count, mean_s, p50_s, p90_s, .. } = durations;
        [mean_s, p50_s, p90_s].into_iter().fold(row.number(count), |row, value| row.number(cell(*value)))
    });
    let row = row
        .number(ratings.invited)
        .number(ratings.count)
        .number(cell(ratings.mean))
        .number(cell(ratings.satisfied))
        .number(cell(ratings.participation));
    let row = ratings.scores.iter().fold(row, |row, count| row.number(count));
    row.number(cell(figures.waiting_target.share)).number(cell(figures.first_response_target.share)).end();
}

/// A number, or nothing.
fn cell(value: Option<f64>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}
