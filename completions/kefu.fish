# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_kefu_global_optspecs
    string join \n config= log-format= log-level= h/help V/version
end

function __fish_kefu_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_kefu_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_kefu_using_subcommand
    set -l cmd (__fish_kefu_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c kefu -n "__fish_kefu_needs_command" -l config -d 'Read settings from this file (else from `kefu.yaml`, where there is one)' -r -F
complete -c kefu -n "__fish_kefu_needs_command" -l log-format -d 'Write log lines for people or as JSON' -r -f -a "auto\t'For people on a terminal, JSON otherwise'
human\t'For people'
json\t'One JSON object a line'"
complete -c kefu -n "__fish_kefu_needs_command" -l log-level -d 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`' -r
complete -c kefu -n "__fish_kefu_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kefu -n "__fish_kefu_needs_command" -s V -l version -d 'Print version'
complete -c kefu -n "__fish_kefu_needs_command" -f -a "serve" -d 'Run the chat daemon'
complete -c kefu -n "__fish_kefu_needs_command" -f -a "bench" -d 'Measure a running service under load'
complete -c kefu -n "__fish_kefu_needs_command" -f -a "adapt" -d 'Convert, inspect and tell apart the messages of older systems'
complete -c kefu -n "__fish_kefu_needs_command" -f -a "replay" -d 'Capture, convert, inspect, replay, mirror and compare HTTP traffic'
complete -c kefu -n "__fish_kefu_needs_command" -f -a "migrate" -d 'Bring the records of an older system over, and prove that nothing is missing'
complete -c kefu -n "__fish_kefu_using_subcommand serve; and not __fish_seen_subcommand_from backup restore check audit report events privacy query rotate-key" -l listen -d 'Listen on this address [default: 127.0.0.1:8080]' -r
complete -c kefu -n "__fish_kefu_using_subcommand serve; and not __fish_seen_subcommand_from backup restore check audit report events privacy query rotate-key" -l data-dir -d 'Keep the store in this directory [default: kefu in the user\'s data directory]' -r -f -a "(__fish_complete_directories)"
complete -c kefu -n "__fish_kefu_using_subcommand serve; and not __fish_seen_subcommand_from backup restore check audit report events privacy query rotate-key" -l format -d 'Print them like this' -r -f -a "text\t'For people'
json\t'For programs'"
complete -c kefu -n "__fish_kefu_using_subcommand serve; and not __fish_seen_subcommand_from backup restore check audit report events privacy query rotate-key" -l config -d 'Read settings from this file (else from `kefu.yaml`, where there is one)' -r -F
complete -c kefu -n "__fish_kefu_using_subcommand serve; and not __fish_seen_subcommand_from backup restore check audit report events privacy query rotate-key" -l log-format -d 'Write log lines for people or as JSON' -r -f -a "auto\t'For people on a terminal, JSON otherwise'
human\t'For people'
json\t'One JSON object a line'"
complete -c kefu -n "__fish_kefu_using_subcommand serve; and not __fish_seen_subcommand_from backup restore check audit report events privacy query rotate-key" -l log-level -d 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`' -r
complete -c kefu -n "__fish_kefu_using_subcommand serve; and not __fish_seen_subcommand_from backup restore check audit report events privacy query rotate-key" -l demo -d 'Serve sample data and a demo shop, from a throw-away directory unless --data-dir names one'
complete -c kefu -n "__fish_kefu_using_subcommand serve; and not __fish_seen_subcommand_from backup restore check audit report events privacy query rotate-key" -l standby -d 'Wait beside the process that serves the store, and take over when it has ended'
complete -c kefu -n "__fish_kefu_using_subcommand serve; and not __fish_seen_subcommand_from backup restore check audit report events privacy query rotate-key" -l shadow -d 'Rehearse: nothing leaves the process, and what would have is listed. Needs a store of its own'
complete -c kefu -n "__fish_kefu_using_subcommand serve; and not __fish_seen_subcommand_from backup restore check audit report events privacy query rotate-key" -l check-config -d 'Print the effective settings and where each came from, then end'
complete -c kefu -n "__fish_kefu_using_subcommand serve; and not __fish_seen_subcommand_from backup restore check audit report events privacy query rotate-key" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kefu -n "__fish_kefu_using_subcommand serve; and not __fish_seen_subcommand_from backup restore check audit report events privacy query rotate-key" -s V -l version -d 'Print version'
complete -c kefu -n "__fish_kefu_using_subcommand serve; and not __fish_seen_subcommand_from backup restore check audit report events privacy query rotate-key" -f -a "backup" -d 'Copy the store into one file, while it is in use or not'
complete -c kefu -n "__fish_kefu_using_subcommand serve; and not __fish_seen_subcommand_from backup restore check audit report events privacy query rotate-key" -f -a "restore" -d 'Put a backup in the place of the store'
complete -c kefu -n "__fish_kefu_using_subcommand serve; and not __fish_seen_subcommand_from backup restore check audit report events privacy query rotate-key" -f -a "check" -d 'Check that the store is whole, without changing it'
complete -c kefu -n "__fish_kefu_using_subcommand serve; and not __fish_seen_subcommand_from backup restore check audit report events privacy query rotate-key" -f -a "audit" -d 'Verify or export the audit log, while the store is in use or not'
complete -c kefu -n "__fish_kefu_using_subcommand serve; and not __fish_seen_subcommand_from backup restore check audit report events privacy query rotate-key" -f -a "report" -d 'Count what became of conversations, while the store is in use or not'
complete -c kefu -n "__fish_kefu_using_subcommand serve; and not __fish_seen_subcommand_from backup restore check audit report events privacy query rotate-key" -f -a "events" -d 'Print events, have them told again, list dead letters'
complete -c kefu -n "__fish_kefu_using_subcommand serve; and not __fish_seen_subcommand_from backup restore check audit report events privacy query rotate-key" -f -a "privacy" -d 'Export or erase a customer'
complete -c kefu -n "__fish_kefu_using_subcommand serve; and not __fish_seen_subcommand_from backup restore check audit report events privacy query rotate-key" -f -a "query" -d 'Ask the data layer, or look after its configuration'
complete -c kefu -n "__fish_kefu_using_subcommand serve; and not __fish_seen_subcommand_from backup restore check audit report events privacy query rotate-key" -f -a "rotate-key" -d 'Add a key that seals secrets from now on'
complete -c kefu -n "__fish_kefu_using_subcommand serve; and __fish_seen_subcommand_from backup" -l data-dir -d 'The store is in this directory [default: as for `kefu serve`]' -r -f -a "(__fish_complete_directories)"
complete -c kefu -n "__fish_kefu_using_subcommand serve; and __fish_seen_subcommand_from backup" -l to -d 'Write this file, which must not exist yet [default: kefu-<time>.db in the working directory]' -r -F
complete -c kefu -n "__fish_kefu_using_subcommand serve; and __fish_seen_subcommand_from backup" -l format -d 'Write the report like this' -r -f -a "text\t'For people'
json\t'For programs'"
complete -c kefu -n "__fish_kefu_using_subcommand serve; and __fish_seen_subcommand_from backup" -l config -d 'Read settings from this file (else from `kefu.yaml`, where there is one)' -r -F
complete -c kefu -n "__fish_kefu_using_subcommand serve; and __fish_seen_subcommand_from backup" -l log-format -d 'Write log lines for people or as JSON' -r -f -a "auto\t'For people on a terminal, JSON otherwise'
human\t'For people'
json\t'One JSON object a line'"
complete -c kefu -n "__fish_kefu_using_subcommand serve; and __fish_seen_subcommand_from backup" -l log-level -d 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`' -r
complete -c kefu -n "__fish_kefu_using_subcommand serve; and __fish_seen_subcommand_from backup" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kefu -n "__fish_kefu_using_subcommand serve; and __fish_seen_subcommand_from backup" -s V -l version -d 'Print version'
complete -c kefu -n "__fish_kefu_using_subcommand serve; and __fish_seen_subcommand_from restore" -l data-dir -d 'Put the store into this directory [default: as for `kefu serve`]' -r -f -a "(__fish_complete_directories)"
complete -c kefu -n "__fish_kefu_using_subcommand serve; and __fish_seen_subcommand_from restore" -l format -d 'Write the report like this' -r -f -a "text\t'For people'
json\t'For programs'"
complete -c kefu -n "__fish_kefu_using_subcommand serve; and __fish_seen_subcommand_from restore" -l config -d 'Read settings from this file (else from `kefu.yaml`, where there is one)' -r -F
complete -c kefu -n "__fish_kefu_using_subcommand serve; and __fish_seen_subcommand_from restore" -l log-format -d 'Write log lines for people or as JSON' -r -f -a "auto\t'For people on a terminal, JSON otherwise'
human\t'For people'
json\t'One JSON object a line'"
complete -c kefu -n "__fish_kefu_using_subcommand serve; and __fish_seen_subcommand_from restore" -l log-level -d 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`' -r
complete -c kefu -n "__fish_kefu_using_subcommand serve; and __fish_seen_subcommand_from restore" -l replace -d 'Set the store that is there already aside'
complete -c kefu -n "__fish_kefu_using_subcommand serve; and __fish_seen_subcommand_from restore" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kefu -n "__fish_kefu_using_subcommand serve; and __fish_seen_subcommand_from restore" -s V -l version -d 'Print version'
complete -c kefu -n "__fish_kefu_using_subcommand serve; and __fish_seen_subcommand_from check" -l data-dir -d 'The store is in this directory [default: as for `kefu serve`]' -r -f -a "(__fish_complete_directories)"
complete -c kefu -n "__fish_kefu_using_subcommand serve; and __fish_seen_subcommand_from check" -l format -d 'Write the report like this' -r -f -a "text\t'For people'
json\t'For programs'"
complete -c kefu -n "__fish_kefu_using_subcommand serve; and __fish_seen_subcommand_from check" -l config -d 'Read settings from this file (else from `kefu.yaml`, where there is one)' -r -F
complete -c kefu -n "__fish_kefu_using_subcommand serve; and __fish_seen_subcommand_from check" -l log-format -d 'Write log lines for people or as JSON' -r -f -a "auto\t'For people on a terminal, JSON otherwise'
human\t'For people'
json\t'One JSON object a line'"
complete -c kefu -n "__fish_kefu_using_subcommand serve; and __fish_seen_subcommand_from check" -l log-level -d 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`' -r
complete -c kefu -n "__fish_kefu_using_subcommand serve; and __fish_seen_subcommand_from check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kefu -n "__fish_kefu_using_subcommand serve; and __fish_seen_subcommand_from check" -s V -l version -d 'Print version'
complete -c kefu -n "__fish_kefu_using_subcommand serve; and __fish_seen_subcommand_from audit" -l config -d 'Read settings from this file (else from `kefu.yaml`, where there is one)' -r -F
complete -c kefu -n "__fish_kefu_using_subcommand serve; and __fish_seen_subcommand_from audit" -l log-format -d 'Write log lines for people or as JSON' -r -f -a "auto\t'For people on a terminal, JSON otherwise'
human\t'For people'
json\t'One JSON object a line'"
complete -c kefu -n "__fish_kefu_using_subcommand serve; and __fish_seen_subcommand_from audit" -l log-level -d 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`' -r
complete -c kefu -n "__fish_kefu_using_subcommand serve; and __fish_seen_subcommand_from audit" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kefu -n "__fish_kefu_using_subcommand serve; and __fish_seen_subcommand_from audit" -s V -l version -d 'Print version'
complete -c kefu -n "__fish_kefu_using_subcommand serve; and __fish_seen_subcommand_from audit" -f -a "verify" -d 'Check that no line of the audit log was changed, added or taken out'
complete -c kefu -n "__fish_kefu_using_subcommand serve; and __fish_seen_subcommand_from audit" -f -a "export" -d 'Write the audit log to standard output, oldest line first'
complete -c kefu -n "__fish_kefu_using_subcommand serve; and __fish_seen_subcommand_from report" -l data-dir -d 'The store is in this directory [default: as for `kefu serve`]' -r -f -a "(__fish_complete_directories)"
complete -c kefu -n "__fish_kefu_using_subcommand serve; and __fish_seen_subcommand_from report" -l from -d 'Begin with this date or time' -r
complete -c kefu -n "__fish_kefu_using_subcommand serve; and __fish_seen_subcommand_from report" -l to -d 'End with this date, or before this time; at most 400 days later, by hour 62' -r
complete -c kefu -n "__fish_kefu_using_subcommand serve; and __fish_seen_subcommand_from report" -l by -d 'Count by this' -r -f -a "hour\t'Hours'
day\t'Days'
agent\t'Agents'
team\t'Teams'
inbox\t'Inboxes'
tag\t'Tags that the conversations have now'"
complete -c kefu -n "__fish_kefu_using_subcommand serve; and __fish_seen_subcommand_from report" -l zone -d 'Dates, hours and days are those of this time zone [default: UTC]' -r
complete -c kefu -n "__fish_kefu_using_subcommand serve; and __fish_seen_subcommand_from report" -l format -d 'Write the figures like this' -r -f -a "table\t'The figures that matter most, for people'
csv\t'All of them, for spreadsheets'
json\t'All of them, for programs'"
complete -c kefu -n "__fish_kefu_using_subcommand serve; and __fish_seen_subcommand_from report" -l config -d 'Read settings from this file (else from `kefu.yaml`, where there is one)' -r -F
complete -c kefu -n "__fish_kefu_using_subcommand serve; and __fish_seen_subcommand_from report" -l log-format -d 'Write log lines for people or as JSON' -r -f -a "auto\t'For people on a terminal, JSON otherwise'
human\t'For people'
json\t'One JSON object a line'"
complete -c kefu -n "__fish_kefu_using_subcommand serve; and __fish_seen_subcommand_from report" -l log-level -d 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`' -r
complete -c kefu -n "__fish_kefu_using_subcommand serve; and __fish_seen_subcommand_from report" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kefu -n "__fish_kefu_using_subcommand serve; and __fish_seen_subcommand_from report" -s V -l version -d 'Print version'
complete -c kefu -n "__fish_kefu_using_subcommand serve; and __fish_seen_subcommand_from events" -l config -d 'Read settings from this file (else from `kefu.yaml`, where there is one)' -r -F
complete -c kefu -n "__fish_kefu_using_subcommand serve; and __fish_seen_subcommand_from events" -l log-format -d 'Write log lines for people or as JSON' -r -f -a "auto\t'For people on a terminal, JSON otherwise'
human\t'For people'
json\t'One JSON object a line'"
complete -c kefu -n "__fish_kefu_using_subcommand serve; and __fish_seen_subcommand_from events" -l log-level -d 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`' -r
complete -c kefu -n "__fish_kefu_using_subcommand serve; and __fish_seen_subcommand_from events" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kefu -n "__fish_kefu_using_subcommand serve; and __fish_seen_subcommand_from events" -s V -l version -d 'Print version'
complete -c kefu -n "__fish_kefu_using_subcommand serve; and __fish_seen_subcommand_from events" -f -a "tail" -d 'Print what happens, while the store is in use or not'
complete -c kefu -n "__fish_kefu_using_subcommand serve; and __fish_seen_subcommand_from events" -f -a "replay" -d 'Have a subscription hear again of what happened, in a store that is not in use'
complete -c kefu -n "__fish_kefu_using_subcommand serve; and __fish_seen_subcommand_from events" -f -a "dead-letter" -d 'List what subscriptions did not take, or have it told again'
complete -c kefu -n "__fish_kefu_using_subcommand serve; and __fish_seen_subcommand_from privacy" -l config -d 'Read settings from this file (else from `kefu.yaml`, where there is one)' -r -F
complete -c kefu -n "__fish_kefu_using_subcommand serve; and __fish_seen_subcommand_from privacy" -l log-format -d 'Write log lines for people or as JSON' -r -f -a "auto\t'For people on a terminal, JSON otherwise'
human\t'For people'
json\t'One JSON object a line'"
complete -c kefu -n "__fish_kefu_using_subcommand serve; and __fish_seen_subcommand_from privacy" -l log-level -d 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`' -r
complete -c kefu -n "__fish_kefu_using_subcommand serve; and __fish_seen_subcommand_from privacy" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kefu -n "__fish_kefu_using_subcommand serve; and __fish_seen_subcommand_from privacy" -s V -l version -d 'Print version'
complete -c kefu -n "__fish_kefu_using_subcommand serve; and __fish_seen_subcommand_from privacy" -f -a "export" -d 'Write all that is known of a customer as JSON, while the store is in use or not'
complete -c kefu -n "__fish_kefu_using_subcommand serve; and __fish_seen_subcommand_from privacy" -f -a "erase" -d 'Erase a customer for good, in a store that is not in use'
complete -c kefu -n "__fish_kefu_using_subcommand serve; and __fish_seen_subcommand_from query" -l config -d 'Read settings from this file (else from `kefu.yaml`, where there is one)' -r -F
complete -c kefu -n "__fish_kefu_using_subcommand serve; and __fish_seen_subcommand_from query" -l log-format -d 'Write log lines for people or as JSON' -r -f -a "auto\t'For people on a terminal, JSON otherwise'
human\t'For people'
json\t'One JSON object a line'"
complete -c kefu -n "__fish_kefu_using_subcommand serve; and __fish_seen_subcommand_from query" -l log-level -d 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`' -r
complete -c kefu -n "__fish_kefu_using_subcommand serve; and __fish_seen_subcommand_from query" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kefu -n "__fish_kefu_using_subcommand serve; and __fish_seen_subcommand_from query" -s V -l version -d 'Print version'
complete -c kefu -n "__fish_kefu_using_subcommand serve; and __fish_seen_subcommand_from query" -f -a "run" -d 'Ask a query of all systems that the configuration names'
complete -c kefu -n "__fish_kefu_using_subcommand serve; and __fish_seen_subcommand_from query" -f -a "explain" -d 'Show how a query would be carried out, without asking any system'
complete -c kefu -n "__fish_kefu_using_subcommand serve; and __fish_seen_subcommand_from query" -f -a "check" -d 'Check the configuration'
complete -c kefu -n "__fish_kefu_using_subcommand serve; and __fish_seen_subcommand_from query" -f -a "introspect" -d 'Draft a configuration from a live system, or from what describes it'
complete -c kefu -n "__fish_kefu_using_subcommand serve; and __fish_seen_subcommand_from rotate-key" -l data-dir -d 'The store is in this directory [default: as for `kefu serve`]' -r -f -a "(__fish_complete_directories)"
complete -c kefu -n "__fish_kefu_using_subcommand serve; and __fish_seen_subcommand_from rotate-key" -l format -d 'Write the report like this' -r -f -a "text\t'For people'
json\t'For programs'"
complete -c kefu -n "__fish_kefu_using_subcommand serve; and __fish_seen_subcommand_from rotate-key" -l config -d 'Read settings from this file (else from `kefu.yaml`, where there is one)' -r -F
complete -c kefu -n "__fish_kefu_using_subcommand serve; and __fish_seen_subcommand_from rotate-key" -l log-format -d 'Write log lines for people or as JSON' -r -f -a "auto\t'For people on a terminal, JSON otherwise'
human\t'For people'
json\t'One JSON object a line'"
complete -c kefu -n "__fish_kefu_using_subcommand serve; and __fish_seen_subcommand_from rotate-key" -l log-level -d 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`' -r
complete -c kefu -n "__fish_kefu_using_subcommand serve; and __fish_seen_subcommand_from rotate-key" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kefu -n "__fish_kefu_using_subcommand serve; and __fish_seen_subcommand_from rotate-key" -s V -l version -d 'Print version'
complete -c kefu -n "__fish_kefu_using_subcommand bench; and not __fish_seen_subcommand_from chat http run compare report" -l config -d 'Read settings from this file (else from `kefu.yaml`, where there is one)' -r -F
complete -c kefu -n "__fish_kefu_using_subcommand bench; and not __fish_seen_subcommand_from chat http run compare report" -l log-format -d 'Write log lines for people or as JSON' -r -f -a "auto\t'For people on a terminal, JSON otherwise'
human\t'For people'
json\t'One JSON object a line'"
complete -c kefu -n "__fish_kefu_using_subcommand bench; and not __fish_seen_subcommand_from chat http run compare report" -l log-level -d 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`' -r
complete -c kefu -n "__fish_kefu_using_subcommand bench; and not __fish_seen_subcommand_from chat http run compare report" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kefu -n "__fish_kefu_using_subcommand bench; and not __fish_seen_subcommand_from chat http run compare report" -s V -l version -d 'Print version'
complete -c kefu -n "__fish_kefu_using_subcommand bench; and not __fish_seen_subcommand_from chat http run compare report" -f -a "chat" -d 'Measure the chat service: many visitors, some agents, over WebSocket'
complete -c kefu -n "__fish_kefu_using_subcommand bench; and not __fish_seen_subcommand_from chat http run compare report" -f -a "http" -d 'Measure any HTTP/1.1 service: one request, again and again'
complete -c kefu -n "__fish_kefu_using_subcommand bench; and not __fish_seen_subcommand_from chat http run compare report" -f -a "run" -d 'Run a scenario: what callers do, step by step, from a file or a preset'
complete -c kefu -n "__fish_kefu_using_subcommand bench; and not __fish_seen_subcommand_from chat http run compare report" -f -a "compare" -d 'Compare reports of repeated runs, and say what is worse beyond the noise'
complete -c kefu -n "__fish_kefu_using_subcommand bench; and not __fish_seen_subcommand_from chat http run compare report" -f -a "report" -d 'Write a report in another form'
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from chat" -l url -d 'Where the server listens' -r -f
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from chat" -l inbox -d 'Key of the inbox that visitors come to' -r
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from chat" -l admin-email -d 'Sign in as this admin to make agents' -r
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from chat" -l admin-password -d 'The admin\'s password; better given in a file or in the environment' -r
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from chat" -l admin-password-file -d 'Read the admin\'s password from this file' -r -F
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from chat" -l ca-file -d 'Trust the certificates in this file (PEM) as well as those of the system' -r -F
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from chat" -l server-pid -d 'Watch this process [default: the one on this machine that listens there]' -r
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from chat" -l server-metrics -d 'Watch the server by what it tells Prometheus of its process, at a URL such as http://10.0.0.5:8080/metrics' -r -f
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from chat" -l metrics-token-file -d 'Read metrics with the bearer token in this file' -r -F
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from chat" -l allow-host -d 'Allow this host as the target, though it is not this machine; may be given several times' -r
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from chat" -l visitors -d 'Keep so many visitors connected' -r
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from chat" -l senders -d 'Let only so many of the visitors send [default: all]' -r
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from chat" -l agents -d 'Keep so many agents connected; with 0 only acks are measured [default: 1, with --idle 0]' -r
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from chat" -l supervisors -d 'Let so many supervisors watch everything, and some conversations each' -r
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from chat" -l reads-per-second -d 'Let supervisors and agents read lists, messages and visitors over REST, so often a second' -r
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from chat" -l rate -d 'Send so many messages a second, all visitors together' -r
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from chat" -l duration -d 'Measure for so long; with --idle, hold the connections for so long' -r
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from chat" -l warmup -d 'Send for so long before measuring; the rate rises during the first half' -r
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from chat" -l profile -d 'Change the rate over time: constant, ramp, step:COUNT, spike:TIMES or soak' -r
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from chat" -l arrivals -d 'Space what is due evenly, or at random as independent callers do' -r -f -a "even\t'At equal distances'
poisson\t'As a Poisson process'"
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from chat" -l seed -d 'Repeat random arrivals by this number' -r
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from chat" -l steps -d 'With --idle, look at the server\'s memory at these numbers of connections [default: a third and all]' -r
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from chat" -l in-flight -d 'With --max, keep so many messages under way, neither acked nor delivered yet' -r
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from chat" -l procs -d 'Send from so many processes, each with its part of the load; for more than one core, or more open files than one may have' -r
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from chat" -l source-addresses -d 'Connect from so many addresses of 127.0.0.0/8, for more connections than there are ports' -r
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from chat" -l share -d 'Which part of the load this process has; set by the process that gathers the parts' -r
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from chat" -l threshold -l require -d 'Fail with exit code 1 unless this holds, such as `p99<=20ms`, `loss==0`, `rate>=30000` or `rss_mb<=60`' -r
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from chat" -l format -d 'Write the report like this [default: as the name of the file says, else for a terminal]' -r -f -a "text\t'For a terminal'
json\t'For programs'
markdown\t'A table for a document'
csv\t'The seconds of the run, for spreadsheets'
junit\t'A test for each condition, for a CI'
html\t'A page with charts'
hdr\t'The histograms, for the tools of HdrHistogram'"
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from chat" -s o -l output -d 'Write the report to this file instead of standard output; may be given several times' -r -F
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from chat" -l config -d 'Read settings from this file (else from `kefu.yaml`, where there is one)' -r -F
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from chat" -l log-format -d 'Write log lines for people or as JSON' -r -f -a "auto\t'For people on a terminal, JSON otherwise'
human\t'For people'
json\t'One JSON object a line'"
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from chat" -l log-level -d 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`' -r
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from chat" -l idle -d 'Only hold connections, and report what each costs the server'
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from chat" -l max -d 'Send as fast as the server takes it'
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from chat" -l storm -d 'Cut all visitors off, send each a message, and time how long all take to reconnect and catch up'
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from chat" -l abort-on-fail -d 'End the run with exit code 1 as soon as a condition on errors, error_rate, max or a percentile cannot hold any more'
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from chat" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from chat" -s V -l version -d 'Print version'
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from http" -l allow-host -d 'Allow this host as the target, though it is not this machine; may be given several times' -r
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from http" -l ca-file -d 'Trust the certificates in this file (PEM) as well as those of the system' -r -F
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from http" -l server-pid -d 'Watch this process [default: the one on this machine that listens there]' -r
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from http" -l server-metrics -d 'Watch the server by what it tells Prometheus of its process, at a URL such as http://10.0.0.5:8080/metrics' -r -f
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from http" -l metrics-token-file -d 'Read metrics with the bearer token in this file' -r -F
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from http" -s m -l method -d 'Use this method [default: GET, with a body POST]' -r
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from http" -s H -l header -d 'Send this header line, such as `accept: text/html`; may be given several times' -r
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from http" -s b -l body -d 'Send this body' -r
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from http" -l body-file -d 'Send what is in this file' -r -F
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from http" -l timeout -d 'Give up a request after so long' -r
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from http" -s c -l concurrency -d 'Use so many connections' -r
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from http" -s r -l rate -d 'Send so many requests a second [default: as many as are answered]' -r
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from http" -s d -l duration -d 'Measure for so long' -r
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from http" -s n -l requests -d 'Send so many requests at most, those of the warm-up included' -r
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from http" -l warmup -d 'Send for so long before measuring; a rate rises during the first half [default: 1s, with --requests 0s]' -r
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from http" -l profile -d 'Change the rate over time: constant, ramp, step:COUNT, spike:TIMES or soak' -r
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from http" -l arrivals -d 'Space what is due evenly, or at random as independent callers do' -r -f -a "even\t'At equal distances'
poisson\t'As a Poisson process'"
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from http" -l seed -d 'Repeat random arrivals by this number' -r
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from http" -l procs -d 'Send from so many processes, each with its part of the load; for more than one core, or more open files than one may have' -r
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from http" -l source-addresses -d 'Connect from so many addresses of 127.0.0.0/8, for more connections than there are ports' -r
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from http" -l share -d 'Which part of the load this process has; set by the process that gathers the parts' -r
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from http" -l threshold -l require -d 'Fail with exit code 1 unless this holds, such as `p99<=20ms`, `loss==0`, `rate>=30000` or `rss_mb<=60`' -r
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from http" -l format -d 'Write the report like this [default: as the name of the file says, else for a terminal]' -r -f -a "text\t'For a terminal'
json\t'For programs'
markdown\t'A table for a document'
csv\t'The seconds of the run, for spreadsheets'
junit\t'A test for each condition, for a CI'
html\t'A page with charts'
hdr\t'The histograms, for the tools of HdrHistogram'"
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from http" -s o -l output -d 'Write the report to this file instead of standard output; may be given several times' -r -F
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from http" -l config -d 'Read settings from this file (else from `kefu.yaml`, where there is one)' -r -F
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from http" -l log-format -d 'Write log lines for people or as JSON' -r -f -a "auto\t'For people on a terminal, JSON otherwise'
human\t'For people'
json\t'One JSON object a line'"
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from http" -l log-level -d 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`' -r
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from http" -l no-keep-alive -d 'Open a connection for each request'
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from http" -l abort-on-fail -d 'End the run with exit code 1 as soon as a condition on errors, error_rate, max or a percentile cannot hold any more'
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from http" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from http" -s V -l version -d 'Print version'
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from run" -l target -d 'Where the service is [default: what the scenario says]' -r -f
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from run" -l allow-host -d 'Allow this host as the target, though it is not this machine; may be given several times' -r
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from run" -l ca-file -d 'Trust the certificates in this file (PEM) as well as those of the system' -r -F
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from run" -l admin-email -d 'Sign in as this admin to make agents' -r
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from run" -l admin-password -d 'The admin\'s password; better given in a file or in the environment' -r
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from run" -l admin-password-file -d 'Read the admin\'s password from this file' -r -F
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from run" -l server-pid -d 'Watch this process [default: the one on this machine that listens there]' -r
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from run" -l server-metrics -d 'Watch the server by what it tells Prometheus of its process, at a URL such as http://10.0.0.5:8080/metrics' -r -f
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from run" -l metrics-token-file -d 'Read metrics with the bearer token in this file' -r -F
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from run" -l set -d 'Give a variable of the scenario another value; may be given several times' -r
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from run" -s c -l concurrency -d 'Have so many flows at the same time at most [default: what the scenario says]' -r
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from run" -s r -l rate -d 'Begin so many flows a second [default: what the scenario says]' -r
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from run" -s d -l duration -d 'Measure for so long [default: what the scenario says]' -r
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from run" -l warmup -d 'Send for so long before measuring [default: what the scenario says]' -r
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from run" -l procs -d 'Send from so many processes, each with its part of the load; for more than one core, or more open files than one may have' -r
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from run" -l source-addresses -d 'Connect from so many addresses of 127.0.0.0/8, for more connections than there are ports' -r
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from run" -l share -d 'Which part of the load this process has; set by the process that gathers the parts' -r
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from run" -l threshold -l require -d 'Fail with exit code 1 unless this holds, such as `p99<=20ms`, `loss==0`, `rate>=30000` or `rss_mb<=60`' -r
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from run" -l format -d 'Write the report like this [default: as the name of the file says, else for a terminal]' -r -f -a "text\t'For a terminal'
json\t'For programs'
markdown\t'A table for a document'
csv\t'The seconds of the run, for spreadsheets'
junit\t'A test for each condition, for a CI'
html\t'A page with charts'
hdr\t'The histograms, for the tools of HdrHistogram'"
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from run" -s o -l output -d 'Write the report to this file instead of standard output; may be given several times' -r -F
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from run" -l config -d 'Read settings from this file (else from `kefu.yaml`, where there is one)' -r -F
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from run" -l log-format -d 'Write log lines for people or as JSON' -r -f -a "auto\t'For people on a terminal, JSON otherwise'
human\t'For people'
json\t'One JSON object a line'"
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from run" -l log-level -d 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`' -r
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from run" -l show -d 'Print the scenario instead of running it'
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from run" -l abort-on-fail -d 'End the run with exit code 1 as soon as a condition on errors, error_rate, max or a percentile cannot hold any more'
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from run" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from run" -s V -l version -d 'Print version'
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from compare" -l metric -d 'Compare this figure [default: p50, p99, rate, error_rate and cpu_per_message]; may be given several times' -r
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from compare" -l tolerance -d 'Take changes up to so many percent for none' -r
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from compare" -l seed -d 'Repeat the resampling by this number' -r
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from compare" -l format -d 'Write the comparison like this' -r -f -a "text\t'For a terminal'
json\t'For programs'
markdown\t'A table for a document'"
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from compare" -l config -d 'Read settings from this file (else from `kefu.yaml`, where there is one)' -r -F
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from compare" -l log-format -d 'Write log lines for people or as JSON' -r -f -a "auto\t'For people on a terminal, JSON otherwise'
human\t'For people'
json\t'One JSON object a line'"
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from compare" -l log-level -d 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`' -r
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from compare" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from compare" -s V -l version -d 'Print version'
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from report" -l format -d 'Write the report like this [default: as the name of the file says, else for a terminal]' -r -f -a "text\t'For a terminal'
json\t'For programs'
markdown\t'A table for a document'
csv\t'The seconds of the run, for spreadsheets'
junit\t'A test for each condition, for a CI'
html\t'A page with charts'
hdr\t'The histograms, for the tools of HdrHistogram'"
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from report" -s o -l output -d 'Write the report to this file instead of standard output; may be given several times' -r -F
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from report" -l config -d 'Read settings from this file (else from `kefu.yaml`, where there is one)' -r -F
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from report" -l log-format -d 'Write log lines for people or as JSON' -r -f -a "auto\t'For people on a terminal, JSON otherwise'
human\t'For people'
json\t'One JSON object a line'"
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from report" -l log-level -d 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`' -r
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from report" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kefu -n "__fish_kefu_using_subcommand bench; and __fish_seen_subcommand_from report" -s V -l version -d 'Print version'
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and not __fish_seen_subcommand_from convert inspect wsdl detect serve channel" -l config -d 'Read settings from this file (else from `kefu.yaml`, where there is one)' -r -F
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and not __fish_seen_subcommand_from convert inspect wsdl detect serve channel" -l log-format -d 'Write log lines for people or as JSON' -r -f -a "auto\t'For people on a terminal, JSON otherwise'
human\t'For people'
json\t'One JSON object a line'"
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and not __fish_seen_subcommand_from convert inspect wsdl detect serve channel" -l log-level -d 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`' -r
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and not __fish_seen_subcommand_from convert inspect wsdl detect serve channel" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and not __fish_seen_subcommand_from convert inspect wsdl detect serve channel" -s V -l version -d 'Print version'
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and not __fish_seen_subcommand_from convert inspect wsdl detect serve channel" -f -a "convert" -d 'Convert messages by their schema: Thrift, SOAP and JSON into each other'
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and not __fish_seen_subcommand_from convert inspect wsdl detect serve channel" -f -a "inspect" -d 'List the services, operations and types of an interface file or a description, with warnings'
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and not __fish_seen_subcommand_from convert inspect wsdl detect serve channel" -f -a "wsdl" -d 'Describe a service of Thrift or a bridge in WSDL, so that clients of SOAP can call it'
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and not __fish_seen_subcommand_from convert inspect wsdl detect serve channel" -f -a "detect" -d 'Tell what bytes are: the protocol, the transport, and what the message\'s envelope says'
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and not __fish_seen_subcommand_from convert inspect wsdl detect serve channel" -f -a "serve" -d 'Serve bridges between JSON over HTTP, SOAP and Thrift'
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and not __fish_seen_subcommand_from convert inspect wsdl detect serve channel" -f -a "channel" -d 'Make, check and try files that describe chat services'
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and __fish_seen_subcommand_from convert" -s o -l output -d 'Write to this file [default: standard output]' -r -F
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and __fish_seen_subcommand_from convert" -l from -d 'What the input is [default: the other than --to, or what it looks like]' -r -f -a "thrift\t'Apache Thrift'
json\t'JSON'
soap\t'SOAP'"
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and __fish_seen_subcommand_from convert" -l to -d 'What the output is to be [default: the other than the input]' -r -f -a "thrift\t'Apache Thrift'
json\t'JSON'
soap\t'SOAP'"
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and __fish_seen_subcommand_from convert" -l idl -d 'Interface file that the messages follow' -r -F
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and __fish_seen_subcommand_from convert" -s I -l include -d 'Also look for included files in this folder; may be given several times' -r -f -a "(__fish_complete_directories)"
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and __fish_seen_subcommand_from convert" -l struct -d 'Each message is such a struct, union or exception, without an envelope' -r
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and __fish_seen_subcommand_from convert" -l service -d 'Each message is a call, a reply or an exception of this service' -r
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and __fish_seen_subcommand_from convert" -l method -d 'All are messages of this method, and JSON is its arguments or its result alone' -r
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and __fish_seen_subcommand_from convert" -l wsdl -d 'Description of the service that the messages follow' -r -F
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and __fish_seen_subcommand_from convert" -l op -d 'All are messages of this operation, and JSON is the body alone [default: what the body says]' -r
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and __fish_seen_subcommand_from convert" -l side -d 'Which way the messages go [default: what the body says; request where SOAP is written from the body alone]' -r -f -a "request\t'To the service'
response\t'From the service'"
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and __fish_seen_subcommand_from convert" -l soap -d 'Version of SOAP that is written [default: that of the operation\'s port]' -r -f -a "1.1\t'SOAP 1.1'
1.2\t'SOAP 1.2'"
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and __fish_seen_subcommand_from convert" -l user -d 'Write the name of this user into requests, as WS-Security has it, with a password' -r
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and __fish_seen_subcommand_from convert" -l password-file -d 'File that holds the password of --user [default: the variable KEFU_SOAP_PASSWORD]' -r -F
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and __fish_seen_subcommand_from convert" -l timestamp -d 'Write into requests that they are valid from now on for so many seconds' -r
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and __fish_seen_subcommand_from convert" -l protocol -d 'Format of Thrift messages [default: what they look like; binary where they are written]' -r -f -a "binary\t'TBinaryProtocol'
compact\t'TCompactProtocol'
json\t'TJSONProtocol'"
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and __fish_seen_subcommand_from convert" -l transport -d 'What goes around each message [default: what they look like; none where they are written]' -r -f -a "none\t'Nothing'
framed\t'A length of four bytes'
header\t'A header with headers, as THeaderTransport has it'
ttheader\t'A header with headers, as kitex has it'"
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and __fish_seen_subcommand_from convert" -l i64 -d 'How integers of 64 bits are written in JSON; all forms are read' -r -f -a "number\t'As numbers'
string\t'As strings'
js-safe\t'As numbers up to 2^53, else as strings'"
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and __fish_seen_subcommand_from convert" -l unknown-fields -d 'What becomes of fields that the schema does not have' -r -f -a "keep\t'It is kept, byte for byte'
drop\t'It is left out'
refuse\t'The message is refused'"
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and __fish_seen_subcommand_from convert" -l unknown-members -d 'What becomes of members of JSON that the schema does not have; `keep` keeps `$unknown` and refuses others' -r -f -a "keep\t'It is kept, byte for byte'
drop\t'It is left out'
refuse\t'The message is refused'"
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and __fish_seen_subcommand_from convert" -l max-message -d 'Refuse messages with more bytes, or with a text of more than a quarter of that' -r
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and __fish_seen_subcommand_from convert" -l max-depth -d 'Refuse messages in which structs and containers nest deeper' -r
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and __fish_seen_subcommand_from convert" -l config -d 'Read settings from this file (else from `kefu.yaml`, where there is one)' -r -F
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and __fish_seen_subcommand_from convert" -l log-format -d 'Write log lines for people or as JSON' -r -f -a "auto\t'For people on a terminal, JSON otherwise'
human\t'For people'
json\t'One JSON object a line'"
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and __fish_seen_subcommand_from convert" -l log-level -d 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`' -r
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and __fish_seen_subcommand_from convert" -l keep-going -d 'Convert what can be converted, say on standard error what cannot, and end with exit code 1'
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and __fish_seen_subcommand_from convert" -l lines -d 'Take each line for a message [default: of JSON, if the first line is one]'
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and __fish_seen_subcommand_from convert" -l reply -d 'With --method, JSON is the result of the method'
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and __fish_seen_subcommand_from convert" -l schema-less -d 'Convert without a schema: fields by number, with their types'
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and __fish_seen_subcommand_from convert" -l strict -d 'Refuse what the description does not have, lacks or forbids, where it could be passed on'
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and __fish_seen_subcommand_from convert" -l password-digest -d 'Write a digest in place of the password'
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and __fish_seen_subcommand_from convert" -l zlib -d 'With --transport header, compress what is written'
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and __fish_seen_subcommand_from convert" -l fill-defaults -d 'Write absent fields with their defaults'
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and __fish_seen_subcommand_from convert" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and __fish_seen_subcommand_from convert" -s V -l version -d 'Print version'
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and __fish_seen_subcommand_from inspect" -s I -l include -d 'Also look for included files in this folder; may be given several times' -r -f -a "(__fish_complete_directories)"
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and __fish_seen_subcommand_from inspect" -l format -d 'Write the list like this; JSON has the types as JSON Schema' -r -f -a "text\t'For a terminal'
json\t'For programs'"
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and __fish_seen_subcommand_from inspect" -l config -d 'Read settings from this file (else from `kefu.yaml`, where there is one)' -r -F
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and __fish_seen_subcommand_from inspect" -l log-format -d 'Write log lines for people or as JSON' -r -f -a "auto\t'For people on a terminal, JSON otherwise'
human\t'For people'
json\t'One JSON object a line'"
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and __fish_seen_subcommand_from inspect" -l log-level -d 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`' -r
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and __fish_seen_subcommand_from inspect" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and __fish_seen_subcommand_from inspect" -s V -l version -d 'Print version'
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and __fish_seen_subcommand_from wsdl" -s I -l include -d 'Also look for included files in this folder; may be given several times' -r -f -a "(__fish_complete_directories)"
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and __fish_seen_subcommand_from wsdl" -l service -d 'Service to describe [default: the only one of the file]' -r
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and __fish_seen_subcommand_from wsdl" -l endpoint -d 'Endpoint of the bridge file that speaks SOAP [default: the only one]' -r
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and __fish_seen_subcommand_from wsdl" -l address -d 'Address at which clients are to call it; of a bridge, without the endpoint\'s path' -r -f
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and __fish_seen_subcommand_from wsdl" -l namespace -d 'Namespace of its operations and types [default: urn: and the name of the service]' -r
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and __fish_seen_subcommand_from wsdl" -s o -l output -d 'Write to this file [default: standard output]' -r -F
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and __fish_seen_subcommand_from wsdl" -l config -d 'Read settings from this file (else from `kefu.yaml`, where there is one)' -r -F
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and __fish_seen_subcommand_from wsdl" -l log-format -d 'Write log lines for people or as JSON' -r -f -a "auto\t'For people on a terminal, JSON otherwise'
human\t'For people'
json\t'One JSON object a line'"
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and __fish_seen_subcommand_from wsdl" -l log-level -d 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`' -r
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and __fish_seen_subcommand_from wsdl" -l keep-going -d 'Leave out functions that cannot be described, say which, and end with exit code 1'
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and __fish_seen_subcommand_from wsdl" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and __fish_seen_subcommand_from wsdl" -s V -l version -d 'Print version'
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and __fish_seen_subcommand_from detect" -l format -d 'Write what is told like this' -r -f -a "text\t'For a terminal'
json\t'For programs'"
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and __fish_seen_subcommand_from detect" -l config -d 'Read settings from this file (else from `kefu.yaml`, where there is one)' -r -F
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and __fish_seen_subcommand_from detect" -l log-format -d 'Write log lines for people or as JSON' -r -f -a "auto\t'For people on a terminal, JSON otherwise'
human\t'For people'
json\t'One JSON object a line'"
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and __fish_seen_subcommand_from detect" -l log-level -d 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`' -r
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and __fish_seen_subcommand_from detect" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and __fish_seen_subcommand_from detect" -s V -l version -d 'Print version'
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and __fish_seen_subcommand_from serve" -l config -d 'Read settings from this file (else from `kefu.yaml`, where there is one)' -r -F
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and __fish_seen_subcommand_from serve" -l log-format -d 'Write log lines for people or as JSON' -r -f -a "auto\t'For people on a terminal, JSON otherwise'
human\t'For people'
json\t'One JSON object a line'"
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and __fish_seen_subcommand_from serve" -l log-level -d 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`' -r
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and __fish_seen_subcommand_from serve" -l check -d 'Check the file and all schemas that it names, list the operations, and exit'
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and __fish_seen_subcommand_from serve" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and __fish_seen_subcommand_from serve" -s V -l version -d 'Print version'
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and __fish_seen_subcommand_from channel" -l config -d 'Read settings from this file (else from `kefu.yaml`, where there is one)' -r -F
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and __fish_seen_subcommand_from channel" -l log-format -d 'Write log lines for people or as JSON' -r -f -a "auto\t'For people on a terminal, JSON otherwise'
human\t'For people'
json\t'One JSON object a line'"
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and __fish_seen_subcommand_from channel" -l log-level -d 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`' -r
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and __fish_seen_subcommand_from channel" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and __fish_seen_subcommand_from channel" -s V -l version -d 'Print version'
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and __fish_seen_subcommand_from channel" -f -a "list" -d 'List the channels that come with kefu'
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and __fish_seen_subcommand_from channel" -f -a "new" -d 'Draft a file from a captured message, or from a file that comes with kefu'
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and __fish_seen_subcommand_from channel" -f -a "lint" -d 'Say what is wrong in files, and what is likely forgotten'
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and __fish_seen_subcommand_from channel" -f -a "test" -d 'Carry out the examples in files'
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and __fish_seen_subcommand_from channel" -f -a "sign" -d 'Make a request as the service would, covered and signed, for curl'
complete -c kefu -n "__fish_kefu_using_subcommand adapt; and __fish_seen_subcommand_from channel" -f -a "mock" -d 'Stand in for the service: take what kefu sends, answer it, and post what is typed here'
complete -c kefu -n "__fish_kefu_using_subcommand replay; and not __fish_seen_subcommand_from capture convert inspect run diff mirror gor" -l config -d 'Read settings from this file (else from `kefu.yaml`, where there is one)' -r -F
complete -c kefu -n "__fish_kefu_using_subcommand replay; and not __fish_seen_subcommand_from capture convert inspect run diff mirror gor" -l log-format -d 'Write log lines for people or as JSON' -r -f -a "auto\t'For people on a terminal, JSON otherwise'
human\t'For people'
json\t'One JSON object a line'"
complete -c kefu -n "__fish_kefu_using_subcommand replay; and not __fish_seen_subcommand_from capture convert inspect run diff mirror gor" -l log-level -d 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and not __fish_seen_subcommand_from capture convert inspect run diff mirror gor" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kefu -n "__fish_kefu_using_subcommand replay; and not __fish_seen_subcommand_from capture convert inspect run diff mirror gor" -s V -l version -d 'Print version'
complete -c kefu -n "__fish_kefu_using_subcommand replay; and not __fish_seen_subcommand_from capture convert inspect run diff mirror gor" -f -a "capture" -d 'Take HTTP messages off the network, or out of captured packets'
complete -c kefu -n "__fish_kefu_using_subcommand replay; and not __fish_seen_subcommand_from capture convert inspect run diff mirror gor" -f -a "convert" -d 'Turn recorded traffic from one form into another'
complete -c kefu -n "__fish_kefu_using_subcommand replay; and not __fish_seen_subcommand_from capture convert inspect run diff mirror gor" -f -a "inspect" -d 'Count what recorded traffic holds: messages, endpoints, rates, errors and a timeline'
complete -c kefu -n "__fish_kefu_using_subcommand replay; and not __fish_seen_subcommand_from capture convert inspect run diff mirror gor" -f -a "run" -d 'Send recorded requests to a server when they are due'
complete -c kefu -n "__fish_kefu_using_subcommand replay; and not __fish_seen_subcommand_from capture convert inspect run diff mirror gor" -f -a "diff" -d 'Compare the answers of two systems to the same requests'
complete -c kefu -n "__fish_kefu_using_subcommand replay; and not __fish_seen_subcommand_from capture convert inspect run diff mirror gor" -f -a "mirror" -d 'Pass requests to the old system, and a copy of each to the new one'
complete -c kefu -n "__fish_kefu_using_subcommand replay; and not __fish_seen_subcommand_from capture convert inspect run diff mirror gor" -f -a "gor" -d 'Do what a command line of goreplay says'
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from capture" -s i -l input -d 'Read packets from this file or from those that a pattern names; may be given several times' -r -F
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from capture" -l interface -d 'Listen on this network interface, or on `any`; may be given several times' -r -f
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from capture" -l bpf -d 'Let through what this expression of tcpdump says, in place of the ports' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from capture" -l snaplen -d 'Take at most so many bytes of a packet' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from capture" -l ring -d 'Let the kernel keep so much for each interface until it is taken' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from capture" -l exit-after -d 'End after this time' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from capture" -l stats -d 'Print what was counted so often; 0s for never' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from capture" -l port -d 'Of packets, take connections to these ports [default: all]' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from capture" -l max-message -d 'Leave out messages with more bytes' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from capture" -l max-memory -d 'Hold at most so much of connections that are under way; what does not fit counts as lost' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from capture" -l redact -d 'Replace this in what is written; `off` replaces nothing' -r -f -a "off\t'Nothing'
authorization\t'Values of Authorization, Proxy-Authorization and X-Api-Key'
cookies\t'Values of cookies'
cards\t'Numbers of bank cards'
phones\t'Numbers of telephones'
identities\t'Numbers of identity cards'"
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from capture" -l only-method -d 'Take requests with these methods alone' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from capture" -l only-url -d 'Take requests whose path and query match one of these' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from capture" -l not-url -d 'Leave requests out whose path and query match' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from capture" -l only-host -d 'Take requests to hosts that match one of these' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from capture" -l not-host -d 'Leave requests to hosts out that match' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from capture" -l only-header -d 'Take requests that have this header with a value that matches; of several, all' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from capture" -l not-header -d 'Leave requests out that have this header with a value that matches' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from capture" -l sample -d 'Take a part of all requests, or of the values of a header or a parameter of the query, the same each time' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from capture" -l where -d 'Take requests for which this expression holds, in the language of channel files' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from capture" -l set-header -d 'Put this header in place of one of its name, or beside the others; may be given several times' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from capture" -l set-param -d 'Put this parameter into the query, in place of one of its name' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from capture" -l rewrite-url -d 'Replace in the path and query what matches, by the first that does; `$1` is a group' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from capture" -l rewrite-host -d 'Replace in the host what matches' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from capture" -l rewrite-header -d 'Replace in a header what matches' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from capture" -l set -d 'Set target, path, body, param.NAME or header.NAME to what an expression gives' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from capture" -l middleware -d 'Have messages go through this program, by goreplay\'s protocol, before anything else is done with them' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from capture" -s o -l output -d 'Write to this file, which only its owner may read [default: standard output]' -r -F
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from capture" -l to -d 'What is written [default: by the name of the file, else gor]' -r -f -a "gor\t'Records as goreplay has them'
ndjson\t'A line of JSON for each message'
har\t'HTTP Archive 1.2'"
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from capture" -l format -d 'Write the report like this, to standard error if standard output has the records' -r -f -a "text\t'For a terminal'
json\t'For programs'"
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from capture" -l config -d 'Read settings from this file (else from `kefu.yaml`, where there is one)' -r -F
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from capture" -l log-format -d 'Write log lines for people or as JSON' -r -f -a "auto\t'For people on a terminal, JSON otherwise'
human\t'For people'
json\t'One JSON object a line'"
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from capture" -l log-level -d 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from capture" -l promisc -d 'Have the interface take what is meant for others as well'
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from capture" -l no-responses -d 'Leave responses out'
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from capture" -l replace -d 'Write over a file that is there already'
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from capture" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from capture" -s V -l version -d 'Print version'
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from convert" -l port -d 'Of packets, take connections to these ports [default: all]' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from convert" -l max-message -d 'Leave out messages with more bytes' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from convert" -l max-memory -d 'Hold at most so much of connections that are under way; what does not fit counts as lost' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from convert" -l redact -d 'Replace this in messages; `off` replaces nothing' -r -f -a "off\t'Nothing'
authorization\t'Values of Authorization, Proxy-Authorization and X-Api-Key'
cookies\t'Values of cookies'
cards\t'Numbers of bank cards'
phones\t'Numbers of telephones'
identities\t'Numbers of identity cards'"
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from convert" -l only-method -d 'Take requests with these methods alone' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from convert" -l only-url -d 'Take requests whose path and query match one of these' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from convert" -l not-url -d 'Leave requests out whose path and query match' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from convert" -l only-host -d 'Take requests to hosts that match one of these' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from convert" -l not-host -d 'Leave requests to hosts out that match' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from convert" -l only-header -d 'Take requests that have this header with a value that matches; of several, all' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from convert" -l not-header -d 'Leave requests out that have this header with a value that matches' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from convert" -l sample -d 'Take a part of all requests, or of the values of a header or a parameter of the query, the same each time' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from convert" -l where -d 'Take requests for which this expression holds, in the language of channel files' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from convert" -l set-header -d 'Put this header in place of one of its name, or beside the others; may be given several times' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from convert" -l set-param -d 'Put this parameter into the query, in place of one of its name' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from convert" -l rewrite-url -d 'Replace in the path and query what matches, by the first that does; `$1` is a group' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from convert" -l rewrite-host -d 'Replace in the host what matches' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from convert" -l rewrite-header -d 'Replace in a header what matches' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from convert" -l set -d 'Set target, path, body, param.NAME or header.NAME to what an expression gives' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from convert" -l middleware -d 'Have messages go through this program, by goreplay\'s protocol, before anything else is done with them' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from convert" -s o -l output -d 'Write to this file, which only its owner may read [default: standard output]' -r -F
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from convert" -l to -d 'What is written [default: by the name of the file, else gor]' -r -f -a "gor\t'Records as goreplay has them'
ndjson\t'A line of JSON for each message'
har\t'HTTP Archive 1.2'"
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from convert" -l format -d 'Write the report like this, to standard error if standard output has the records' -r -f -a "text\t'For a terminal'
json\t'For programs'"
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from convert" -l config -d 'Read settings from this file (else from `kefu.yaml`, where there is one)' -r -F
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from convert" -l log-format -d 'Write log lines for people or as JSON' -r -f -a "auto\t'For people on a terminal, JSON otherwise'
human\t'For people'
json\t'One JSON object a line'"
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from convert" -l log-level -d 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from convert" -l replace -d 'Write over a file that is there already'
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from convert" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from convert" -s V -l version -d 'Print version'
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from inspect" -l port -d 'Of packets, take connections to these ports [default: all]' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from inspect" -l max-message -d 'Leave out messages with more bytes' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from inspect" -l max-memory -d 'Hold at most so much of connections that are under way; what does not fit counts as lost' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from inspect" -l top -d 'Show so many endpoints' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from inspect" -l format -d 'Write the result like this' -r -f -a "text\t'For a terminal'
json\t'For programs'"
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from inspect" -l config -d 'Read settings from this file (else from `kefu.yaml`, where there is one)' -r -F
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from inspect" -l log-format -d 'Write log lines for people or as JSON' -r -f -a "auto\t'For people on a terminal, JSON otherwise'
human\t'For people'
json\t'One JSON object a line'"
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from inspect" -l log-level -d 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from inspect" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from inspect" -s V -l version -d 'Print version'
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from run" -s t -l target -d 'Send to this server' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from run" -l allow-host -d 'Also send to this host, which is not this machine; may be given several times' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from run" -l ca-file -d 'Trust the certificates in this file (PEM), too, of a target that is https://' -r -F
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from run" -l speed -d 'Send so many times as fast as recorded, or `max`' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from run" -l rate -d 'Send so many requests a second instead' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from run" -l ramp -d 'Reach the rate within this time' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from run" -l loop -d 'Send everything so many times' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from run" -l connections -d 'Use at most so many connections' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from run" -l timeout -d 'Give a request up after this time' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from run" -l only-method -d 'Take requests with these methods alone' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from run" -l only-url -d 'Take requests whose path and query match one of these' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from run" -l not-url -d 'Leave requests out whose path and query match' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from run" -l only-host -d 'Take requests to hosts that match one of these' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from run" -l not-host -d 'Leave requests to hosts out that match' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from run" -l only-header -d 'Take requests that have this header with a value that matches; of several, all' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from run" -l not-header -d 'Leave requests out that have this header with a value that matches' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from run" -l sample -d 'Take a part of all requests, or of the values of a header or a parameter of the query, the same each time' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from run" -l where -d 'Take requests for which this expression holds, in the language of channel files' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from run" -l set-header -d 'Put this header in place of one of its name, or beside the others; may be given several times' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from run" -l set-param -d 'Put this parameter into the query, in place of one of its name' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from run" -l rewrite-url -d 'Replace in the path and query what matches, by the first that does; `$1` is a group' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from run" -l rewrite-host -d 'Replace in the host what matches' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from run" -l rewrite-header -d 'Replace in a header what matches' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from run" -l set -d 'Set target, path, body, param.NAME or header.NAME to what an expression gives' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from run" -l middleware -d 'Have messages go through this program, by goreplay\'s protocol, before anything else is done with them' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from run" -l translate -d 'Translate requests to the new system, and its answers back, by this YAML file or the shipped `gofly`' -r -F
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from run" -l setting -d 'Give a setting of the translation a value; several times, also as NAME=@FILE or, seen by nobody else, KEFU_SETTING_NAME' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from run" -l max-message -d 'Leave out messages with more bytes' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from run" -l max-memory -d 'Hold at most so much of connections that are under way; what does not fit counts as lost' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from run" -s o -l output -d 'Write the answers to this .gor file, which only its owner may read' -r -F
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from run" -l format -d 'Write the report like this' -r -f -a "text\t'For a terminal'
json\t'For programs'"
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from run" -l config -d 'Read settings from this file (else from `kefu.yaml`, where there is one)' -r -F
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from run" -l log-format -d 'Write log lines for people or as JSON' -r -f -a "auto\t'For people on a terminal, JSON otherwise'
human\t'For people'
json\t'One JSON object a line'"
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from run" -l log-level -d 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from run" -l unsafe-methods -d 'Also send requests with methods other than GET, HEAD and OPTIONS'
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from run" -l dry-run -d 'Read everything and send nothing'
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from run" -l no-mark -d 'Leave the header X-Kefu-Replay out'
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from run" -l replace -d 'Write over a file that is there already'
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from run" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from run" -s V -l version -d 'Print version'
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from diff" -l port -d 'Of packets, take connections to these ports [default: all]' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from diff" -l max-message -d 'Leave out messages with more bytes' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from diff" -l max-memory -d 'Hold at most so much of connections that are under way; what does not fit counts as lost' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from diff" -l primary -d 'Take the old system\'s answers from this server or .gor file [default: those in the input]' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from diff" -l secondary -d 'Take the old system\'s answers a second time from here: what differs by itself is noise' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from diff" -l candidate -d 'Take the new system\'s answers from this server or .gor file' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from diff" -l allow-host -d 'Also send to this host, which is not this machine; may be given several times' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from diff" -l ca-file -d 'Trust the certificates in this file (PEM), too, of servers that are https://' -r -F
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from diff" -l connections -d 'Ask over at most so many connections to each server' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from diff" -l timeout -d 'Give a request up after this time' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from diff" -l translate -d 'Translate requests to the new system, and its answers back, by this YAML file or the shipped `gofly`' -r -F
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from diff" -l setting -d 'Give a setting of the translation a value; several times, also as NAME=@FILE or, seen by nobody else, KEFU_SETTING_NAME' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from diff" -l sample -d 'Compare this share of the recorded connections' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from diff" -l rules -d 'Read from this YAML file what is not compared, and what is as good as equal' -r -F
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from diff" -l examples -d 'Keep so many examples of each field and endpoint' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from diff" -l threshold -d 'Let this share of the answers differ' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from diff" -l format -d 'Write the report like this' -r -f -a "text\t'For a terminal'
json\t'For programs'
junit\t'For build servers'
html\t'A page'
markdown\t'For tickets and reviews'"
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from diff" -l report -d 'Also write it to this file, by its name as JSON, JUnit (.xml), HTML or Markdown (.md); may be given several times' -r -F
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from diff" -l config -d 'Read settings from this file (else from `kefu.yaml`, where there is one)' -r -F
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from diff" -l log-format -d 'Write log lines for people or as JSON' -r -f -a "auto\t'For people on a terminal, JSON otherwise'
human\t'For people'
json\t'One JSON object a line'"
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from diff" -l log-level -d 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from diff" -l unsafe-methods -d 'Also send requests with methods other than GET, HEAD and OPTIONS'
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from diff" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from diff" -s V -l version -d 'Print version'
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from mirror" -l listen -d 'Listen on this address' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from mirror" -l upstream -d 'Have this server answer' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from mirror" -l max-connections -d 'Take at most so many connections at once' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from mirror" -l drain -d 'Let open connections and the shadow\'s queue finish for so long at the end' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from mirror" -l interface -d 'Listen on this network interface, or on `any`; may be given several times' -r -f
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from mirror" -l bpf -d 'Let through what this expression of tcpdump says, in place of the ports' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from mirror" -l snaplen -d 'Take at most so many bytes of a packet' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from mirror" -l ring -d 'Let the kernel keep so much for each interface until it is taken' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from mirror" -l exit-after -d 'End after this time' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from mirror" -l stats -d 'Print what was counted so often; 0s for never' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from mirror" -l shadow -d 'Send a copy of each request to this server' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from mirror" -l sample -d 'Send this share of them' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from mirror" -l queue -d 'Have at most so many requests wait for the shadow or be answered by it' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from mirror" -l allow-host -d 'Also send to this host, which is not this machine; may be given several times' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from mirror" -l ca-file -d 'Trust the certificates in this file (PEM), too, of servers that are https://' -r -F
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from mirror" -l connections -d 'Ask over at most so many connections to each server' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from mirror" -l timeout -d 'Give a request up after this time' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from mirror" -l translate -d 'Translate requests to the new system, and its answers back, by this YAML file or the shipped `gofly`' -r -F
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from mirror" -l setting -d 'Give a setting of the translation a value; several times, also as NAME=@FILE or, seen by nobody else, KEFU_SETTING_NAME' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from mirror" -l rules -d 'Read from this YAML file what is not compared, and what is as good as equal' -r -F
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from mirror" -l examples -d 'Keep so many examples of each field and endpoint' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from mirror" -l threshold -d 'Let this share of the answers differ' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from mirror" -l format -d 'Write the report like this' -r -f -a "text\t'For a terminal'
json\t'For programs'
junit\t'For build servers'
html\t'A page'
markdown\t'For tickets and reviews'"
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from mirror" -l report -d 'Also write it to this file, by its name as JSON, JUnit (.xml), HTML or Markdown (.md); may be given several times' -r -F
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from mirror" -s o -l output -d 'Write requests and answers to this .gor file, which only its owner may read' -r -F
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from mirror" -l redact -d 'Replace this in what is written; `off` replaces nothing' -r -f -a "off\t'Nothing'
authorization\t'Values of Authorization, Proxy-Authorization and X-Api-Key'
cookies\t'Values of cookies'
cards\t'Numbers of bank cards'
phones\t'Numbers of telephones'
identities\t'Numbers of identity cards'"
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from mirror" -l port -d 'Of packets, take connections to these ports [default: all]' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from mirror" -l max-message -d 'Leave out messages with more bytes' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from mirror" -l max-memory -d 'Hold at most so much of connections that are under way; what does not fit counts as lost' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from mirror" -l config -d 'Read settings from this file (else from `kefu.yaml`, where there is one)' -r -F
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from mirror" -l log-format -d 'Write log lines for people or as JSON' -r -f -a "auto\t'For people on a terminal, JSON otherwise'
human\t'For people'
json\t'One JSON object a line'"
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from mirror" -l log-level -d 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from mirror" -l promisc -d 'Have the interface take what is meant for others as well'
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from mirror" -l unsafe-methods -d 'Also send requests with methods other than GET, HEAD and OPTIONS'
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from mirror" -l diff -d 'Compare the shadow\'s answers with those of the old system'
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from mirror" -l replace -d 'Write over a file that is there already'
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from mirror" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from mirror" -s V -l version -d 'Print version'
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from gor" -l config -d 'Read settings from this file (else from `kefu.yaml`, where there is one)' -r -F
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from gor" -l log-format -d 'Write log lines for people or as JSON' -r -f -a "auto\t'For people on a terminal, JSON otherwise'
human\t'For people'
json\t'One JSON object a line'"
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from gor" -l log-level -d 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`' -r
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from gor" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kefu -n "__fish_kefu_using_subcommand replay; and __fish_seen_subcommand_from gor" -s V -l version -d 'Print version'
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and not __fish_seen_subcommand_from plan run status verify cutover rollback flow-back finalize dead-letter" -l config -d 'Read settings from this file (else from `kefu.yaml`, where there is one)' -r -F
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and not __fish_seen_subcommand_from plan run status verify cutover rollback flow-back finalize dead-letter" -l log-format -d 'Write log lines for people or as JSON' -r -f -a "auto\t'For people on a terminal, JSON otherwise'
human\t'For people'
json\t'One JSON object a line'"
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and not __fish_seen_subcommand_from plan run status verify cutover rollback flow-back finalize dead-letter" -l log-level -d 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`' -r
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and not __fish_seen_subcommand_from plan run status verify cutover rollback flow-back finalize dead-letter" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and not __fish_seen_subcommand_from plan run status verify cutover rollback flow-back finalize dead-letter" -s V -l version -d 'Print version'
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and not __fish_seen_subcommand_from plan run status verify cutover rollback flow-back finalize dead-letter" -f -a "plan" -d 'Look at the sources and say what would be brought over; writes nothing'
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and not __fish_seen_subcommand_from plan run status verify cutover rollback flow-back finalize dead-letter" -f -a "run" -d 'Bring the records over; goes on where an earlier run ended'
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and not __fish_seen_subcommand_from plan run status verify cutover rollback flow-back finalize dead-letter" -f -a "status" -d 'Say how far it has come, whether or not it is running'
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and not __fish_seen_subcommand_from plan run status verify cutover rollback flow-back finalize dead-letter" -f -a "verify" -d 'Read both sides again and compare every row'
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and not __fish_seen_subcommand_from plan run status verify cutover rollback flow-back finalize dead-letter" -f -a "cutover" -d 'Have what is here take the old system\'s place: fence, last changes, comparison, in one go'
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and not __fish_seen_subcommand_from plan run status verify cutover rollback flow-back finalize dead-letter" -f -a "rollback" -d 'Have the old system count again'
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and not __fish_seen_subcommand_from plan run status verify cutover rollback flow-back finalize dead-letter" -f -a "flow-back" -d 'Have what is written here since its switch flow back to the old system, until it is stopped'
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and not __fish_seen_subcommand_from plan run status verify cutover rollback flow-back finalize dead-letter" -f -a "finalize" -d 'Close the way back: nothing flows to the old system any more'
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and not __fish_seen_subcommand_from plan run status verify cutover rollback flow-back finalize dead-letter" -f -a "dead-letter" -d 'List the rows that could not be used, or try them again'
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from plan" -s f -l file -d 'The file that says what is brought over' -r -F
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from plan" -l format -d 'Say it as Markdown, JSON or HTML' -r -f -a "markdown\t'Markdown, which people read as it is'
json\t'For programs'
html\t'A page for browsers'"
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from plan" -l config -d 'Read settings from this file (else from `kefu.yaml`, where there is one)' -r -F
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from plan" -l log-format -d 'Write log lines for people or as JSON' -r -f -a "auto\t'For people on a terminal, JSON otherwise'
human\t'For people'
json\t'One JSON object a line'"
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from plan" -l log-level -d 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`' -r
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from plan" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from plan" -s V -l version -d 'Print version'
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from run" -s f -l file -d 'The file that says what is brought over' -r -F
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from run" -l format -d 'Say what came of it as Markdown, JSON or HTML' -r -f -a "markdown\t'Markdown, which people read as it is'
json\t'For programs'
html\t'A page for browsers'"
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from run" -l report -d 'Write it to this file, too, as HTML, JSON or Markdown by its ending' -r -F
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from run" -l config -d 'Read settings from this file (else from `kefu.yaml`, where there is one)' -r -F
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from run" -l log-format -d 'Write log lines for people or as JSON' -r -f -a "auto\t'For people on a terminal, JSON otherwise'
human\t'For people'
json\t'One JSON object a line'"
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from run" -l log-level -d 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`' -r
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from run" -l accept-change -d 'Go on although the mapping is another one than before: its tables are read anew'
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from run" -l follow -d 'After the copy bring changes over as they are made, until it is stopped'
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from run" -l skip-corrupt-tail -d 'Read a damaged dump as far as it is whole: what is behind the damage is left out, and said'
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from run" -l recopy -d 'Follow from now on, and read all tables again, whatever an earlier run had'
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from run" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from run" -s V -l version -d 'Print version'
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from status" -s f -l file -d 'The file that says what is brought over' -r -F
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from status" -l format -d 'Say it as Markdown, JSON or HTML' -r -f -a "markdown\t'Markdown, which people read as it is'
json\t'For programs'
html\t'A page for browsers'"
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from status" -l config -d 'Read settings from this file (else from `kefu.yaml`, where there is one)' -r -F
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from status" -l log-format -d 'Write log lines for people or as JSON' -r -f -a "auto\t'For people on a terminal, JSON otherwise'
human\t'For people'
json\t'One JSON object a line'"
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from status" -l log-level -d 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`' -r
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from status" -l watch -d 'Say it again every second until everything is done'
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from status" -s V -l version -d 'Print version'
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from verify" -s f -l file -d 'The file that says what is brought over' -r -F
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from verify" -l tables -d 'Only these tables' -r
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from verify" -l retry-after -d 'Wait so long before rows of a server that differ are looked at once more' -r
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from verify" -l format -d 'Say what came of it as Markdown, JSON or HTML' -r -f -a "markdown\t'Markdown, which people read as it is'
json\t'For programs'
html\t'A page for browsers'"
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from verify" -l report -d 'Write it to this file, too, as HTML, JSON or Markdown by its ending' -r -F
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from verify" -l config -d 'Read settings from this file (else from `kefu.yaml`, where there is one)' -r -F
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from verify" -l log-format -d 'Write log lines for people or as JSON' -r -f -a "auto\t'For people on a terminal, JSON otherwise'
human\t'For people'
json\t'One JSON object a line'"
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from verify" -l log-level -d 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`' -r
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from verify" -l repair -d 'Bring over again what differs or is missing; the store must not be in use meanwhile'
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from verify" -l skip-corrupt-tail -d 'Read a damaged dump as far as it is whole, as `run` was told to'
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from verify" -l fresh -d 'Begin anew, although an earlier comparison was stopped half-way'
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from verify" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from verify" -s V -l version -d 'Print version'
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from cutover" -s f -l file -d 'The file that says what is brought over' -r -F
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from cutover" -l inbox -d 'Switch this inbox alone; without it, all that are left' -r
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from cutover" -l fence -d 'Command that has the old system stop writing; it may be run more than once' -r
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from cutover" -l unfence -d 'Command that has it write again, should the cutover fail behind the fence' -r
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from cutover" -l max-lag -d 'Put the fence up when it is less behind than this' -r
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from cutover" -l verified-within -d 'Both sides must have been compared, and the same, within this time' -r
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from cutover" -l fence-timeout -d 'The fence\'s command must end within this time' -r
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from cutover" -l format -d 'Say what came of it as Markdown or as JSON' -r -f -a "markdown\t'Markdown, which people read as it is'
json\t'For programs'
html\t'A page for browsers'"
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from cutover" -l config -d 'Read settings from this file (else from `kefu.yaml`, where there is one)' -r -F
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from cutover" -l log-format -d 'Write log lines for people or as JSON' -r -f -a "auto\t'For people on a terminal, JSON otherwise'
human\t'For people'
json\t'One JSON object a line'"
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from cutover" -l log-level -d 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`' -r
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from cutover" -l read-only -d '`SET GLOBAL read_only` at the servers of all sources, for which the user needs the right'
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from cutover" -l accept-dead-letters -d 'Go on although some rows are dead letters'
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from cutover" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from cutover" -s V -l version -d 'Print version'
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from rollback" -s f -l file -d 'The file that says what is brought over' -r -F
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from rollback" -l unfence -d 'Command that has the old system write again' -r
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from rollback" -l fence-timeout -d 'The command must end within this time' -r
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from rollback" -l format -d 'Say what came of it as Markdown or as JSON' -r -f -a "markdown\t'Markdown, which people read as it is'
json\t'For programs'
html\t'A page for browsers'"
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from rollback" -l config -d 'Read settings from this file (else from `kefu.yaml`, where there is one)' -r -F
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from rollback" -l log-format -d 'Write log lines for people or as JSON' -r -f -a "auto\t'For people on a terminal, JSON otherwise'
human\t'For people'
json\t'One JSON object a line'"
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from rollback" -l log-level -d 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`' -r
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from rollback" -l read-only -d 'Take `read_only` off at the servers of all sources'
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from rollback" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from rollback" -s V -l version -d 'Print version'
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from flow-back" -s f -l file -d 'The file that says what is brought over' -r -F
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from flow-back" -l format -d 'Say what came of it as Markdown or as JSON' -r -f -a "markdown\t'Markdown, which people read as it is'
json\t'For programs'
html\t'A page for browsers'"
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from flow-back" -l config -d 'Read settings from this file (else from `kefu.yaml`, where there is one)' -r -F
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from flow-back" -l log-format -d 'Write log lines for people or as JSON' -r -f -a "auto\t'For people on a terminal, JSON otherwise'
human\t'For people'
json\t'One JSON object a line'"
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from flow-back" -l log-level -d 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`' -r
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from flow-back" -l once -d 'End when everything is there that is here now'
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from flow-back" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from flow-back" -s V -l version -d 'Print version'
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from finalize" -s f -l file -d 'The file that says what is brought over' -r -F
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from finalize" -l format -d 'Say what came of it as Markdown or as JSON' -r -f -a "markdown\t'Markdown, which people read as it is'
json\t'For programs'
html\t'A page for browsers'"
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from finalize" -l config -d 'Read settings from this file (else from `kefu.yaml`, where there is one)' -r -F
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from finalize" -l log-format -d 'Write log lines for people or as JSON' -r -f -a "auto\t'For people on a terminal, JSON otherwise'
human\t'For people'
json\t'One JSON object a line'"
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from finalize" -l log-level -d 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`' -r
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from finalize" -l without-source -d 'Do not write the rest to the old system: it is gone'
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from finalize" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from finalize" -s V -l version -d 'Print version'
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from dead-letter" -l config -d 'Read settings from this file (else from `kefu.yaml`, where there is one)' -r -F
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from dead-letter" -l log-format -d 'Write log lines for people or as JSON' -r -f -a "auto\t'For people on a terminal, JSON otherwise'
human\t'For people'
json\t'One JSON object a line'"
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from dead-letter" -l log-level -d 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`' -r
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from dead-letter" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from dead-letter" -s V -l version -d 'Print version'
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from dead-letter" -f -a "list" -d 'List them, one as a line of JSON, the last word on each key'
complete -c kefu -n "__fish_kefu_using_subcommand migrate; and __fish_seen_subcommand_from dead-letter" -f -a "retry" -d 'Read their rows again and bring over what can be used by now'
