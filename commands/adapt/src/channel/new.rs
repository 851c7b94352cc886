//! `kefu adapt channel new`: a file to begin with.

use std::{fs::File, io::Write as _};

use kefu_app::{App, Exit, Failure, Text};
use kefu_channel::{SHIPPED, draft, shipped};

use super::{args::NewArgs, files};

pub(super) fn run(app: &App, args: &NewArgs) -> Result<Exit, Failure> {
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    if !args.id.starts_with(|first: char| first.is_ascii_alphabetic()) || !args.id.bytes().all(is_name) {
        let text =
            Text::new(format!("cannot call a channel {:?}", args.id), format!("渠道不能名为 {:?}", args.id));
        return Err(Failure::new(Exit::Usage, text).hint(Text::new(
            "use letters, digits, - and _, a letter first",
            "请以字母开头,只用字母、数字、- 和 _",
        )));
    }
    let yaml = match (&args.like, &args.from) {
        (Some(like), _) => copied(&args.id, like)?,
        (None, Some(from)) => draft(&args.id, &files::bytes(from)?).map_err(|why| {
            let text = Text::new("cannot make a channel of the sample", "无法根据样例生成渠道文件");
            Failure::new(Exit::Data, text).because(why)
        })?,
        (None, None) => {
            return Err(Failure::new(
                Exit::Usage,
                Text::new("name a sample with --from", "请用 --from 指定样例"),
            ));
        }
    };
    let Some(output) = &args.output else {
        app.print(&yaml)?;
        return Ok(Exit::Ok);
    };
    let write = || File::create_new(output).and_then(|mut file| file.write_all(yaml.as_bytes()));
    write().map_err(|error| {
        let name = output.display();
        Failure::new(Exit::Create, Text::new(format!("cannot write {name}"), format!("无法写入 {name}")))
            .because(error)
    })?;
    Ok(Exit::Ok)
}

/// One of kefu's files under a name of its own.
fn copied(id: &str, like: &str) -> Result<String, Failure> {
    let yaml = shipped(like).ok_or_else(|| {
        let known: Vec<&str> = SHIPPED.iter().map(|(id, _)| *id).collect();
        let known = known.join(", ");
        let text =
            Text::new(format!("no channel {like:?} comes with kefu"), format!("kefu 没有自带渠道 {like:?}"));
        Failure::new(Exit::Usage, text)
            .hint(Text::new(format!("these do: {known}"), format!("自带的有:{known}")))
    })?;
    // What is off in kefu is wanted by who copies it.
    let lines = yaml.lines().filter(|line| *line != "enabled: false");
    let lines =
        lines.map(|line| if line == format!("id: {like}") { format!("id: {id}") } else { line.to_owned() });
    Ok(lines.map(|line| line + "\n").collect())
}
