//! A channel's file whose requests go to another place.

use serde_yaml::Value as Yaml;

/// The setting that a redirected file has for the other place.
pub const REDIRECT_SETTING: &str = "mock_url";

/// The file with all requests going to the address in the setting [`REDIRECT_SETTING`]; the host that a request names
/// becomes the first part of its path. Examples are left out.
///
/// # Errors
/// The text is no YAML, or no object.
pub fn redirected(yaml: &str) -> Result<String, String> {
    let mut file: Yaml = serde_yaml::from_str(yaml).map_err(|error| error.to_string())?;
    let members = file.as_mapping_mut().ok_or("a channel's file is an object")?;
    let text = |value: &Yaml| value.as_str().map(str::to_owned);
    let listed = |members: &serde_yaml::Mapping, name: &str| {
        let list = members.get(name).and_then(Yaml::as_sequence);
        list.into_iter().flatten().filter_map(text).collect::<Vec<_>>()
    };
    let hosts = listed(members, "hosts");
    let fixed: Vec<&String> = hosts.iter().filter(|host| !host.starts_with("setting.")).collect();
    for name in ["tokens", "send", "edit", "recall", "check", "fetch", "pull"] {
        if let Some(part) = members.get_mut(name) {
            redirect(part, &fixed);
        }
    }
    let settings = listed(members, "settings").into_iter().chain([REDIRECT_SETTING.to_owned()]);
    let settings: Vec<Yaml> = settings.map(Yaml::from).collect();
    let kept = hosts.iter().filter(|host| host.starts_with("setting.")).cloned();
    let hosts: Vec<Yaml> = kept.chain([format!("setting.{REDIRECT_SETTING}")]).map(Yaml::from).collect();
    members.insert("settings".into(), Yaml::Sequence(settings));
    members.insert("hosts".into(), Yaml::Sequence(hosts));
    members.remove("test");
    serde_yaml::to_string(&file).map_err(|error| error.to_string())
}

fn redirect(value: &mut Yaml, hosts: &[&String]) {
    match value {
        Yaml::String(text) => {
            let begun =
                hosts.iter().find_map(|host| Some((host, text.strip_prefix(&format!("https://{host}"))?)));
            if let Some((host, path)) = begun {
                let path = path.replace('\\', "\\\\").replace('\'', "\\'");
                *text = format!("= setting.{REDIRECT_SETTING} ~ '/{host}{path}'");
            } else if text.starts_with("= ") {
                for host in hosts {
                    for quote in ['\'', '"'] {
                        let to = format!("setting.{REDIRECT_SETTING} ~ {quote}/{host}");
                        *text = text.replace(&format!("{quote}https://{host}"), &to);
                    }
                }
            }
        }
        Yaml::Sequence(items) => items.iter_mut().for_each(|item| redirect(item, hosts)),
        Yaml::Mapping(members) => members.values_mut().for_each(|value| redirect(value, hosts)),
        _ => {}
    }
}
