
use builtin;
use str;

set edit:completion:arg-completer[kefu] = {|@words|
    fn spaces {|n|
        builtin:repeat $n ' ' | str:join ''
    }
    fn cand {|text desc|
        edit:complex-candidate $text &display=$text' '(spaces (- 14 (wcswidth $text)))$desc
    }
    var command = 'kefu'
    for word $words[1..-1] {
        if (str:has-prefix $word '-') {
            break
        }
        set command = $command';'$word
    }
    var completions = [
        &'kefu'= {
            cand --config 'Read settings from this file (else from `kefu.yaml`, where there is one)'
            cand --log-format 'Write log lines for people or as JSON'
            cand --log-level 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
            cand serve 'Run the chat daemon'
            cand bench 'Measure a running service under load'
        }
        &'kefu;serve'= {
            cand --listen 'Listen on this address [default: 127.0.0.1:8080]'
            cand --data-dir 'Keep the store in this directory [default: kefu in the user''s data directory]'
            cand --format 'Print them like this'
            cand --config 'Read settings from this file (else from `kefu.yaml`, where there is one)'
            cand --log-format 'Write log lines for people or as JSON'
            cand --log-level 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`'
            cand --demo 'Serve sample data and a demo shop, from a throw-away directory unless --data-dir names one'
            cand --standby 'Wait beside the process that serves the store, and take over when it has ended'
            cand --shadow 'Rehearse: nothing leaves the process, and what would have is listed. Needs a store of its own'
            cand --check-config 'Print the effective settings and where each came from, then end'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
            cand backup 'Copy the store into one file, while it is in use or not'
            cand restore 'Put a backup in the place of the store'
            cand check 'Check that the store is whole, without changing it'
            cand audit 'Verify or export the audit log, while the store is in use or not'
            cand report 'Count what became of conversations, while the store is in use or not'
            cand privacy 'Export or erase a customer'
            cand rotate-key 'Add a key that seals secrets from now on'
        }
        &'kefu;serve;backup'= {
            cand --data-dir 'The store is in this directory [default: as for `kefu serve`]'
            cand --to 'Write this file, which must not exist yet [default: kefu-<time>.db in the working directory]'
            cand --format 'Write the report like this'
            cand --config 'Read settings from this file (else from `kefu.yaml`, where there is one)'
            cand --log-format 'Write log lines for people or as JSON'
            cand --log-level 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'kefu;serve;restore'= {
            cand --data-dir 'Put the store into this directory [default: as for `kefu serve`]'
            cand --format 'Write the report like this'
            cand --config 'Read settings from this file (else from `kefu.yaml`, where there is one)'
            cand --log-format 'Write log lines for people or as JSON'
            cand --log-level 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`'
            cand --replace 'Set the store that is there already aside'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'kefu;serve;check'= {
            cand --data-dir 'The store is in this directory [default: as for `kefu serve`]'
            cand --format 'Write the report like this'
            cand --config 'Read settings from this file (else from `kefu.yaml`, where there is one)'
            cand --log-format 'Write log lines for people or as JSON'
            cand --log-level 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'kefu;serve;audit'= {
            cand --config 'Read settings from this file (else from `kefu.yaml`, where there is one)'
            cand --log-format 'Write log lines for people or as JSON'
            cand --log-level 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
            cand verify 'Check that no line of the audit log was changed, added or taken out'
            cand export 'Write the audit log to standard output, oldest line first'
        }
        &'kefu;serve;audit;verify'= {
            cand --data-dir 'The store is in this directory [default: as for `kefu serve`]'
            cand --head 'Check that the log still has this line with this hash, as an earlier run printed it'
            cand --format 'Write the report like this'
            cand --config 'Read settings from this file (else from `kefu.yaml`, where there is one)'
            cand --log-format 'Write log lines for people or as JSON'
            cand --log-level 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'kefu;serve;audit;export'= {
            cand --data-dir 'The store is in this directory [default: as for `kefu serve`]'
            cand --after 'Begin after this line'
            cand --format 'Write the lines like this'
            cand --config 'Read settings from this file (else from `kefu.yaml`, where there is one)'
            cand --log-format 'Write log lines for people or as JSON'
            cand --log-level 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'kefu;serve;report'= {
            cand --data-dir 'The store is in this directory [default: as for `kefu serve`]'
            cand --from 'Begin with this date or time'
            cand --to 'End with this date, or before this time; at most 400 days later, by hour 62'
            cand --by 'Count by this'
            cand --zone 'Dates, hours and days are those of this time zone [default: UTC]'
            cand --format 'Write the figures like this'
            cand --config 'Read settings from this file (else from `kefu.yaml`, where there is one)'
            cand --log-format 'Write log lines for people or as JSON'
            cand --log-level 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'kefu;serve;privacy'= {
            cand --config 'Read settings from this file (else from `kefu.yaml`, where there is one)'
            cand --log-format 'Write log lines for people or as JSON'
            cand --log-level 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
            cand export 'Write all that is known of a customer as JSON, while the store is in use or not'
            cand erase 'Erase a customer for good, in a store that is not in use'
        }
        &'kefu;serve;privacy;export'= {
            cand --data-dir 'The store is in this directory [default: as for `kefu serve`]'
            cand --to 'Write this file, which must not exist yet [default: standard output]'
            cand --files 'Copy the files of conversations into this directory, which must not exist yet; the document says which is which'
            cand --config 'Read settings from this file (else from `kefu.yaml`, where there is one)'
            cand --log-format 'Write log lines for people or as JSON'
            cand --log-level 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'kefu;serve;privacy;erase'= {
            cand --data-dir 'The store is in this directory [default: as for `kefu serve`]'
            cand --format 'Write the report like this'
            cand --config 'Read settings from this file (else from `kefu.yaml`, where there is one)'
            cand --log-format 'Write log lines for people or as JSON'
            cand --log-level 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`'
            cand --yes 'Do not ask whether this is meant'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'kefu;serve;rotate-key'= {
            cand --data-dir 'The store is in this directory [default: as for `kefu serve`]'
            cand --format 'Write the report like this'
            cand --config 'Read settings from this file (else from `kefu.yaml`, where there is one)'
            cand --log-format 'Write log lines for people or as JSON'
            cand --log-level 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'kefu;bench'= {
            cand --config 'Read settings from this file (else from `kefu.yaml`, where there is one)'
            cand --log-format 'Write log lines for people or as JSON'
            cand --log-level 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
            cand chat 'Measure the chat service: many visitors, some agents, over WebSocket'
        }
        &'kefu;bench;chat'= {
            cand --url 'Where the server listens; without TLS'
            cand --inbox 'Key of the inbox that visitors come to'
            cand --admin-email 'Sign in as this admin to make agents'
            cand --admin-password 'The admin''s password; better given in a file or in the environment'
            cand --admin-password-file 'Read the admin''s password from this file'
            cand --server-pid 'Watch this process [default: the one on this machine that listens there]'
            cand --source-addresses 'Connect from so many addresses of 127.0.0.0/8, for more connections than there are ports'
            cand --visitors 'Keep so many visitors connected'
            cand --senders 'Let only so many of the visitors send [default: all]'
            cand --agents 'Keep so many agents connected; with 0 only acks are measured [default: 1, with --idle 0]'
            cand --supervisors 'Let so many supervisors watch everything, and some conversations each'
            cand --reads-per-second 'Let supervisors and agents read lists, messages and visitors over REST, so often a second'
            cand --rate 'Send so many messages a second, all visitors together'
            cand --duration 'Measure for so long; with --idle, hold the connections for so long'
            cand --warmup 'Send for so long before measuring; the rate rises during the first half'
            cand --steps 'With --idle, look at the server''s memory at these numbers of connections [default: a third and all]'
            cand --in-flight 'With --max, keep so many messages under way, neither acked nor delivered yet'
            cand --require 'Fail with exit code 1 unless this holds, such as `p99<=20ms`, `loss==0`, `rate>=30000` or `rss_mb<=60`'
            cand --format 'Write the report like this'
            cand --output 'Write the report to this file instead of standard output'
            cand --config 'Read settings from this file (else from `kefu.yaml`, where there is one)'
            cand --log-format 'Write log lines for people or as JSON'
            cand --log-level 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`'
            cand --idle 'Only hold connections, and report what each costs the server'
            cand --max 'Send as fast as the server takes it'
            cand --storm 'Cut all visitors off, send each a message, and time how long all take to reconnect and catch up'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
    ]
    $completions[$command]
}
