
using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'kefu' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'kefu'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'kefu' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read settings from this file (else from `kefu.yaml`, where there is one)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Write log lines for people or as JSON')
            [CompletionResult]::new('--log-level', '--log-level', [CompletionResultType]::ParameterName, 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('serve', 'serve', [CompletionResultType]::ParameterValue, 'Run the chat daemon')
            [CompletionResult]::new('bench', 'bench', [CompletionResultType]::ParameterValue, 'Measure a running service under load')
            [CompletionResult]::new('adapt', 'adapt', [CompletionResultType]::ParameterValue, 'Convert, inspect and tell apart the messages of older systems')
            [CompletionResult]::new('replay', 'replay', [CompletionResultType]::ParameterValue, 'Capture, convert, inspect, replay, mirror and compare HTTP traffic')
            [CompletionResult]::new('migrate', 'migrate', [CompletionResultType]::ParameterValue, 'Bring the records of an older system over, and prove that nothing is missing')
            break
        }
        'kefu;serve' {
            [CompletionResult]::new('--listen', '--listen', [CompletionResultType]::ParameterName, 'Listen on this address [default: 127.0.0.1:8080]')
            [CompletionResult]::new('--data-dir', '--data-dir', [CompletionResultType]::ParameterName, 'Keep the store in this directory [default: kefu in the user''s data directory]')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Print them like this')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read settings from this file (else from `kefu.yaml`, where there is one)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Write log lines for people or as JSON')
            [CompletionResult]::new('--log-level', '--log-level', [CompletionResultType]::ParameterName, 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`')
            [CompletionResult]::new('--demo', '--demo', [CompletionResultType]::ParameterName, 'Serve sample data and a demo shop, from a throw-away directory unless --data-dir names one')
            [CompletionResult]::new('--standby', '--standby', [CompletionResultType]::ParameterName, 'Wait beside the process that serves the store, and take over when it has ended')
            [CompletionResult]::new('--shadow', '--shadow', [CompletionResultType]::ParameterName, 'Rehearse: nothing leaves the process, and what would have is listed. Needs a store of its own')
            [CompletionResult]::new('--check-config', '--check-config', [CompletionResultType]::ParameterName, 'Print the effective settings and where each came from, then end')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('backup', 'backup', [CompletionResultType]::ParameterValue, 'Copy the store into one file, while it is in use or not')
            [CompletionResult]::new('restore', 'restore', [CompletionResultType]::ParameterValue, 'Put a backup in the place of the store')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Check that the store is whole, without changing it')
            [CompletionResult]::new('audit', 'audit', [CompletionResultType]::ParameterValue, 'Verify or export the audit log, while the store is in use or not')
            [CompletionResult]::new('report', 'report', [CompletionResultType]::ParameterValue, 'Count what became of conversations, while the store is in use or not')
            [CompletionResult]::new('privacy', 'privacy', [CompletionResultType]::ParameterValue, 'Export or erase a customer')
            [CompletionResult]::new('rotate-key', 'rotate-key', [CompletionResultType]::ParameterValue, 'Add a key that seals secrets from now on')
            break
        }
        'kefu;serve;backup' {
            [CompletionResult]::new('--data-dir', '--data-dir', [CompletionResultType]::ParameterName, 'The store is in this directory [default: as for `kefu serve`]')
            [CompletionResult]::new('--to', '--to', [CompletionResultType]::ParameterName, 'Write this file, which must not exist yet [default: kefu-<time>.db in the working directory]')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Write the report like this')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read settings from this file (else from `kefu.yaml`, where there is one)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Write log lines for people or as JSON')
            [CompletionResult]::new('--log-level', '--log-level', [CompletionResultType]::ParameterName, 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'kefu;serve;restore' {
            [CompletionResult]::new('--data-dir', '--data-dir', [CompletionResultType]::ParameterName, 'Put the store into this directory [default: as for `kefu serve`]')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Write the report like this')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read settings from this file (else from `kefu.yaml`, where there is one)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Write log lines for people or as JSON')
            [CompletionResult]::new('--log-level', '--log-level', [CompletionResultType]::ParameterName, 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`')
            [CompletionResult]::new('--replace', '--replace', [CompletionResultType]::ParameterName, 'Set the store that is there already aside')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'kefu;serve;check' {
            [CompletionResult]::new('--data-dir', '--data-dir', [CompletionResultType]::ParameterName, 'The store is in this directory [default: as for `kefu serve`]')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Write the report like this')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read settings from this file (else from `kefu.yaml`, where there is one)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Write log lines for people or as JSON')
            [CompletionResult]::new('--log-level', '--log-level', [CompletionResultType]::ParameterName, 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'kefu;serve;audit' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read settings from this file (else from `kefu.yaml`, where there is one)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Write log lines for people or as JSON')
            [CompletionResult]::new('--log-level', '--log-level', [CompletionResultType]::ParameterName, 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('verify', 'verify', [CompletionResultType]::ParameterValue, 'Check that no line of the audit log was changed, added or taken out')
            [CompletionResult]::new('export', 'export', [CompletionResultType]::ParameterValue, 'Write the audit log to standard output, oldest line first')
            break
        }
        'kefu;serve;audit;verify' {
            [CompletionResult]::new('--data-dir', '--data-dir', [CompletionResultType]::ParameterName, 'The store is in this directory [default: as for `kefu serve`]')
            [CompletionResult]::new('--head', '--head', [CompletionResultType]::ParameterName, 'Check that the log still has this line with this hash, as an earlier run printed it')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Write the report like this')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read settings from this file (else from `kefu.yaml`, where there is one)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Write log lines for people or as JSON')
            [CompletionResult]::new('--log-level', '--log-level', [CompletionResultType]::ParameterName, 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'kefu;serve;audit;export' {
            [CompletionResult]::new('--data-dir', '--data-dir', [CompletionResultType]::ParameterName, 'The store is in this directory [default: as for `kefu serve`]')
            [CompletionResult]::new('--after', '--after', [CompletionResultType]::ParameterName, 'Begin after this line')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Write the lines like this')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read settings from this file (else from `kefu.yaml`, where there is one)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Write log lines for people or as JSON')
            [CompletionResult]::new('--log-level', '--log-level', [CompletionResultType]::ParameterName, 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'kefu;serve;report' {
            [CompletionResult]::new('--data-dir', '--data-dir', [CompletionResultType]::ParameterName, 'The store is in this directory [default: as for `kefu serve`]')
            [CompletionResult]::new('--from', '--from', [CompletionResultType]::ParameterName, 'Begin with this date or time')
            [CompletionResult]::new('--to', '--to', [CompletionResultType]::ParameterName, 'End with this date, or before this time; at most 400 days later, by hour 62')
            [CompletionResult]::new('--by', '--by', [CompletionResultType]::ParameterName, 'Count by this')
            [CompletionResult]::new('--zone', '--zone', [CompletionResultType]::ParameterName, 'Dates, hours and days are those of this time zone [default: UTC]')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Write the figures like this')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read settings from this file (else from `kefu.yaml`, where there is one)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Write log lines for people or as JSON')
            [CompletionResult]::new('--log-level', '--log-level', [CompletionResultType]::ParameterName, 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'kefu;serve;privacy' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read settings from this file (else from `kefu.yaml`, where there is one)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Write log lines for people or as JSON')
            [CompletionResult]::new('--log-level', '--log-level', [CompletionResultType]::ParameterName, 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('export', 'export', [CompletionResultType]::ParameterValue, 'Write all that is known of a customer as JSON, while the store is in use or not')
            [CompletionResult]::new('erase', 'erase', [CompletionResultType]::ParameterValue, 'Erase a customer for good, in a store that is not in use')
            break
        }
        'kefu;serve;privacy;export' {
            [CompletionResult]::new('--data-dir', '--data-dir', [CompletionResultType]::ParameterName, 'The store is in this directory [default: as for `kefu serve`]')
            [CompletionResult]::new('--to', '--to', [CompletionResultType]::ParameterName, 'Write this file, which must not exist yet [default: standard output]')
            [CompletionResult]::new('--files', '--files', [CompletionResultType]::ParameterName, 'Copy the files of conversations into this directory, which must not exist yet; the document says which is which')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read settings from this file (else from `kefu.yaml`, where there is one)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Write log lines for people or as JSON')
            [CompletionResult]::new('--log-level', '--log-level', [CompletionResultType]::ParameterName, 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'kefu;serve;privacy;erase' {
            [CompletionResult]::new('--data-dir', '--data-dir', [CompletionResultType]::ParameterName, 'The store is in this directory [default: as for `kefu serve`]')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Write the report like this')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read settings from this file (else from `kefu.yaml`, where there is one)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Write log lines for people or as JSON')
            [CompletionResult]::new('--log-level', '--log-level', [CompletionResultType]::ParameterName, 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask whether this is meant')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'kefu;serve;rotate-key' {
            [CompletionResult]::new('--data-dir', '--data-dir', [CompletionResultType]::ParameterName, 'The store is in this directory [default: as for `kefu serve`]')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Write the report like this')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read settings from this file (else from `kefu.yaml`, where there is one)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Write log lines for people or as JSON')
            [CompletionResult]::new('--log-level', '--log-level', [CompletionResultType]::ParameterName, 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'kefu;bench' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read settings from this file (else from `kefu.yaml`, where there is one)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Write log lines for people or as JSON')
            [CompletionResult]::new('--log-level', '--log-level', [CompletionResultType]::ParameterName, 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('chat', 'chat', [CompletionResultType]::ParameterValue, 'Measure the chat service: many visitors, some agents, over WebSocket')
            break
        }
        'kefu;bench;chat' {
            [CompletionResult]::new('--url', '--url', [CompletionResultType]::ParameterName, 'Where the server listens; without TLS')
            [CompletionResult]::new('--inbox', '--inbox', [CompletionResultType]::ParameterName, 'Key of the inbox that visitors come to')
            [CompletionResult]::new('--admin-email', '--admin-email', [CompletionResultType]::ParameterName, 'Sign in as this admin to make agents')
            [CompletionResult]::new('--admin-password', '--admin-password', [CompletionResultType]::ParameterName, 'The admin''s password; better given in a file or in the environment')
            [CompletionResult]::new('--admin-password-file', '--admin-password-file', [CompletionResultType]::ParameterName, 'Read the admin''s password from this file')
            [CompletionResult]::new('--server-pid', '--server-pid', [CompletionResultType]::ParameterName, 'Watch this process [default: the one on this machine that listens there]')
            [CompletionResult]::new('--source-addresses', '--source-addresses', [CompletionResultType]::ParameterName, 'Connect from so many addresses of 127.0.0.0/8, for more connections than there are ports')
            [CompletionResult]::new('--visitors', '--visitors', [CompletionResultType]::ParameterName, 'Keep so many visitors connected')
            [CompletionResult]::new('--senders', '--senders', [CompletionResultType]::ParameterName, 'Let only so many of the visitors send [default: all]')
            [CompletionResult]::new('--agents', '--agents', [CompletionResultType]::ParameterName, 'Keep so many agents connected; with 0 only acks are measured [default: 1, with --idle 0]')
            [CompletionResult]::new('--supervisors', '--supervisors', [CompletionResultType]::ParameterName, 'Let so many supervisors watch everything, and some conversations each')
            [CompletionResult]::new('--reads-per-second', '--reads-per-second', [CompletionResultType]::ParameterName, 'Let supervisors and agents read lists, messages and visitors over REST, so often a second')
            [CompletionResult]::new('--rate', '--rate', [CompletionResultType]::ParameterName, 'Send so many messages a second, all visitors together')
            [CompletionResult]::new('--duration', '--duration', [CompletionResultType]::ParameterName, 'Measure for so long; with --idle, hold the connections for so long')
            [CompletionResult]::new('--warmup', '--warmup', [CompletionResultType]::ParameterName, 'Send for so long before measuring; the rate rises during the first half')
            [CompletionResult]::new('--steps', '--steps', [CompletionResultType]::ParameterName, 'With --idle, look at the server''s memory at these numbers of connections [default: a third and all]')
            [CompletionResult]::new('--in-flight', '--in-flight', [CompletionResultType]::ParameterName, 'With --max, keep so many messages under way, neither acked nor delivered yet')
            [CompletionResult]::new('--require', '--require', [CompletionResultType]::ParameterName, 'Fail with exit code 1 unless this holds, such as `p99<=20ms`, `loss==0`, `rate>=30000` or `rss_mb<=60`')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Write the report like this')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Write the report to this file instead of standard output')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read settings from this file (else from `kefu.yaml`, where there is one)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Write log lines for people or as JSON')
            [CompletionResult]::new('--log-level', '--log-level', [CompletionResultType]::ParameterName, 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`')
            [CompletionResult]::new('--idle', '--idle', [CompletionResultType]::ParameterName, 'Only hold connections, and report what each costs the server')
            [CompletionResult]::new('--max', '--max', [CompletionResultType]::ParameterName, 'Send as fast as the server takes it')
            [CompletionResult]::new('--storm', '--storm', [CompletionResultType]::ParameterName, 'Cut all visitors off, send each a message, and time how long all take to reconnect and catch up')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'kefu;adapt' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read settings from this file (else from `kefu.yaml`, where there is one)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Write log lines for people or as JSON')
            [CompletionResult]::new('--log-level', '--log-level', [CompletionResultType]::ParameterName, 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('convert', 'convert', [CompletionResultType]::ParameterValue, 'Convert messages by their schema: Thrift, SOAP and JSON into each other')
            [CompletionResult]::new('inspect', 'inspect', [CompletionResultType]::ParameterValue, 'List the services, operations and types of an interface file or a description, with warnings')
            [CompletionResult]::new('wsdl', 'wsdl', [CompletionResultType]::ParameterValue, 'Describe a service of Thrift or a bridge in WSDL, so that clients of SOAP can call it')
            [CompletionResult]::new('detect', 'detect', [CompletionResultType]::ParameterValue, 'Tell what bytes are: the protocol, the transport, and what the message''s envelope says')
            [CompletionResult]::new('serve', 'serve', [CompletionResultType]::ParameterValue, 'Serve bridges between JSON over HTTP, SOAP and Thrift')
            [CompletionResult]::new('channel', 'channel', [CompletionResultType]::ParameterValue, 'Make, check and try files that describe chat services')
            break
        }
        'kefu;adapt;convert' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Write to this file [default: standard output]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Write to this file [default: standard output]')
            [CompletionResult]::new('--from', '--from', [CompletionResultType]::ParameterName, 'What the input is [default: the other than --to, or what it looks like]')
            [CompletionResult]::new('--to', '--to', [CompletionResultType]::ParameterName, 'What the output is to be [default: the other than the input]')
            [CompletionResult]::new('--idl', '--idl', [CompletionResultType]::ParameterName, 'Interface file that the messages follow')
            [CompletionResult]::new('-I', '-I ', [CompletionResultType]::ParameterName, 'Also look for included files in this folder; may be given several times')
            [CompletionResult]::new('--include', '--include', [CompletionResultType]::ParameterName, 'Also look for included files in this folder; may be given several times')
            [CompletionResult]::new('--struct', '--struct', [CompletionResultType]::ParameterName, 'Each message is such a struct, union or exception, without an envelope')
            [CompletionResult]::new('--service', '--service', [CompletionResultType]::ParameterName, 'Each message is a call, a reply or an exception of this service')
            [CompletionResult]::new('--method', '--method', [CompletionResultType]::ParameterName, 'All are messages of this method, and JSON is its arguments or its result alone')
            [CompletionResult]::new('--wsdl', '--wsdl', [CompletionResultType]::ParameterName, 'Description of the service that the messages follow')
            [CompletionResult]::new('--op', '--op', [CompletionResultType]::ParameterName, 'All are messages of this operation, and JSON is the body alone [default: what the body says]')
            [CompletionResult]::new('--side', '--side', [CompletionResultType]::ParameterName, 'Which way the messages go [default: what the body says; request where SOAP is written from the body alone]')
            [CompletionResult]::new('--soap', '--soap', [CompletionResultType]::ParameterName, 'Version of SOAP that is written [default: that of the operation''s port]')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'Write the name of this user into requests, as WS-Security has it, with a password')
            [CompletionResult]::new('--password-file', '--password-file', [CompletionResultType]::ParameterName, 'File that holds the password of --user [default: the variable KEFU_SOAP_PASSWORD]')
            [CompletionResult]::new('--timestamp', '--timestamp', [CompletionResultType]::ParameterName, 'Write into requests that they are valid from now on for so many seconds')
            [CompletionResult]::new('--protocol', '--protocol', [CompletionResultType]::ParameterName, 'Format of Thrift messages [default: what they look like; binary where they are written]')
            [CompletionResult]::new('--transport', '--transport', [CompletionResultType]::ParameterName, 'What goes around each message [default: what they look like; none where they are written]')
            [CompletionResult]::new('--i64', '--i64', [CompletionResultType]::ParameterName, 'How integers of 64 bits are written in JSON; all forms are read')
            [CompletionResult]::new('--unknown-fields', '--unknown-fields', [CompletionResultType]::ParameterName, 'What becomes of fields that the schema does not have')
            [CompletionResult]::new('--unknown-members', '--unknown-members', [CompletionResultType]::ParameterName, 'What becomes of members of JSON that the schema does not have; `keep` keeps `$unknown` and refuses others')
            [CompletionResult]::new('--max-message', '--max-message', [CompletionResultType]::ParameterName, 'Refuse messages with more bytes, or with a text of more than a quarter of that')
            [CompletionResult]::new('--max-depth', '--max-depth', [CompletionResultType]::ParameterName, 'Refuse messages in which structs and containers nest deeper')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read settings from this file (else from `kefu.yaml`, where there is one)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Write log lines for people or as JSON')
            [CompletionResult]::new('--log-level', '--log-level', [CompletionResultType]::ParameterName, 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`')
            [CompletionResult]::new('--keep-going', '--keep-going', [CompletionResultType]::ParameterName, 'Convert what can be converted, say on standard error what cannot, and end with exit code 1')
            [CompletionResult]::new('--lines', '--lines', [CompletionResultType]::ParameterName, 'Take each line for a message [default: of JSON, if the first line is one]')
            [CompletionResult]::new('--reply', '--reply', [CompletionResultType]::ParameterName, 'With --method, JSON is the result of the method')
            [CompletionResult]::new('--schema-less', '--schema-less', [CompletionResultType]::ParameterName, 'Convert without a schema: fields by number, with their types')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'Refuse what the description does not have, lacks or forbids, where it could be passed on')
            [CompletionResult]::new('--password-digest', '--password-digest', [CompletionResultType]::ParameterName, 'Write a digest in place of the password')
            [CompletionResult]::new('--zlib', '--zlib', [CompletionResultType]::ParameterName, 'With --transport header, compress what is written')
            [CompletionResult]::new('--fill-defaults', '--fill-defaults', [CompletionResultType]::ParameterName, 'Write absent fields with their defaults')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'kefu;adapt;inspect' {
            [CompletionResult]::new('-I', '-I ', [CompletionResultType]::ParameterName, 'Also look for included files in this folder; may be given several times')
            [CompletionResult]::new('--include', '--include', [CompletionResultType]::ParameterName, 'Also look for included files in this folder; may be given several times')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Write the list like this; JSON has the types as JSON Schema')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read settings from this file (else from `kefu.yaml`, where there is one)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Write log lines for people or as JSON')
            [CompletionResult]::new('--log-level', '--log-level', [CompletionResultType]::ParameterName, 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'kefu;adapt;wsdl' {
            [CompletionResult]::new('-I', '-I ', [CompletionResultType]::ParameterName, 'Also look for included files in this folder; may be given several times')
            [CompletionResult]::new('--include', '--include', [CompletionResultType]::ParameterName, 'Also look for included files in this folder; may be given several times')
            [CompletionResult]::new('--service', '--service', [CompletionResultType]::ParameterName, 'Service to describe [default: the only one of the file]')
            [CompletionResult]::new('--endpoint', '--endpoint', [CompletionResultType]::ParameterName, 'Endpoint of the bridge file that speaks SOAP [default: the only one]')
            [CompletionResult]::new('--address', '--address', [CompletionResultType]::ParameterName, 'Address at which clients are to call it; of a bridge, without the endpoint''s path')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'Namespace of its operations and types [default: urn: and the name of the service]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Write to this file [default: standard output]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Write to this file [default: standard output]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read settings from this file (else from `kefu.yaml`, where there is one)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Write log lines for people or as JSON')
            [CompletionResult]::new('--log-level', '--log-level', [CompletionResultType]::ParameterName, 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`')
            [CompletionResult]::new('--keep-going', '--keep-going', [CompletionResultType]::ParameterName, 'Leave out functions that cannot be described, say which, and end with exit code 1')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'kefu;adapt;detect' {
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Write what is told like this')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read settings from this file (else from `kefu.yaml`, where there is one)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Write log lines for people or as JSON')
            [CompletionResult]::new('--log-level', '--log-level', [CompletionResultType]::ParameterName, 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'kefu;adapt;serve' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read settings from this file (else from `kefu.yaml`, where there is one)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Write log lines for people or as JSON')
            [CompletionResult]::new('--log-level', '--log-level', [CompletionResultType]::ParameterName, 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`')
            [CompletionResult]::new('--check', '--check', [CompletionResultType]::ParameterName, 'Check the file and all schemas that it names, list the operations, and exit')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'kefu;adapt;channel' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read settings from this file (else from `kefu.yaml`, where there is one)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Write log lines for people or as JSON')
            [CompletionResult]::new('--log-level', '--log-level', [CompletionResultType]::ParameterName, 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the channels that come with kefu')
            [CompletionResult]::new('new', 'new', [CompletionResultType]::ParameterValue, 'Draft a file from a captured message, or from a file that comes with kefu')
            [CompletionResult]::new('lint', 'lint', [CompletionResultType]::ParameterValue, 'Say what is wrong in files, and what is likely forgotten')
            [CompletionResult]::new('test', 'test', [CompletionResultType]::ParameterValue, 'Carry out the examples in files')
            [CompletionResult]::new('sign', 'sign', [CompletionResultType]::ParameterValue, 'Make a request as the service would, covered and signed, for curl')
            [CompletionResult]::new('mock', 'mock', [CompletionResultType]::ParameterValue, 'Stand in for the service: take what kefu sends, answer it, and post what is typed here')
            break
        }
        'kefu;adapt;channel;list' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read settings from this file (else from `kefu.yaml`, where there is one)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Write log lines for people or as JSON')
            [CompletionResult]::new('--log-level', '--log-level', [CompletionResultType]::ParameterName, 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'kefu;adapt;channel;new' {
            [CompletionResult]::new('--from', '--from', [CompletionResultType]::ParameterName, 'Captured body of a request: JSON, XML or a form; `-` is standard input')
            [CompletionResult]::new('--like', '--like', [CompletionResultType]::ParameterName, 'Begin with this file that comes with kefu')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Write to this file, which must not be there yet [default: standard output]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Write to this file, which must not be there yet [default: standard output]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read settings from this file (else from `kefu.yaml`, where there is one)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Write log lines for people or as JSON')
            [CompletionResult]::new('--log-level', '--log-level', [CompletionResultType]::ParameterName, 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'kefu;adapt;channel;lint' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read settings from this file (else from `kefu.yaml`, where there is one)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Write log lines for people or as JSON')
            [CompletionResult]::new('--log-level', '--log-level', [CompletionResultType]::ParameterName, 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'End with exit code 1 if there is advice')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'kefu;adapt;channel;test' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read settings from this file (else from `kefu.yaml`, where there is one)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Write log lines for people or as JSON')
            [CompletionResult]::new('--log-level', '--log-level', [CompletionResultType]::ParameterName, 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'kefu;adapt;channel;sign' {
            [CompletionResult]::new('--url', '--url', [CompletionResultType]::ParameterName, 'Where the request is to go')
            [CompletionResult]::new('--body', '--body', [CompletionResultType]::ParameterName, 'Body of the request, without its cover [default: standard input; none of a GET]')
            [CompletionResult]::new('--query', '--query', [CompletionResultType]::ParameterName, 'Parameter of the address, such as `echostr=1`; may be given several times')
            [CompletionResult]::new('--values', '--values', [CompletionResultType]::ParameterName, 'Read values of secrets and settings from this file of lines NAME=VALUE [default: variables KEFU_CHANNEL_NAME]')
            [CompletionResult]::new('--time', '--time', [CompletionResultType]::ParameterName, 'Sign as of this time, in seconds since 1970 [default: now]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read settings from this file (else from `kefu.yaml`, where there is one)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Write log lines for people or as JSON')
            [CompletionResult]::new('--log-level', '--log-level', [CompletionResultType]::ParameterName, 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`')
            [CompletionResult]::new('--get', '--get', [CompletionResultType]::ParameterName, 'Make a GET, as for a handshake')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'kefu;adapt;channel;mock' {
            [CompletionResult]::new('--listen', '--listen', [CompletionResultType]::ParameterName, 'Address at which kefu finds the service')
            [CompletionResult]::new('--to', '--to', [CompletionResultType]::ParameterName, 'Where kefu takes the service''s requests')
            [CompletionResult]::new('--deliver', '--deliver', [CompletionResultType]::ParameterName, 'Post this example of the file at the start; may be given several times')
            [CompletionResult]::new('--values', '--values', [CompletionResultType]::ParameterName, 'Read values of secrets and settings from this file of lines NAME=VALUE [default: variables KEFU_CHANNEL_NAME]')
            [CompletionResult]::new('--write-file', '--write-file', [CompletionResultType]::ParameterName, 'Write a copy of the file for kefu whose requests go to the mock')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read settings from this file (else from `kefu.yaml`, where there is one)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Write log lines for people or as JSON')
            [CompletionResult]::new('--log-level', '--log-level', [CompletionResultType]::ParameterName, 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'kefu;replay' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read settings from this file (else from `kefu.yaml`, where there is one)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Write log lines for people or as JSON')
            [CompletionResult]::new('--log-level', '--log-level', [CompletionResultType]::ParameterName, 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('capture', 'capture', [CompletionResultType]::ParameterValue, 'Take the HTTP messages out of captured packets')
            [CompletionResult]::new('convert', 'convert', [CompletionResultType]::ParameterValue, 'Turn recorded traffic from one form into another')
            [CompletionResult]::new('inspect', 'inspect', [CompletionResultType]::ParameterValue, 'Count what recorded traffic holds: messages, endpoints, rates, errors and a timeline')
            [CompletionResult]::new('run', 'run', [CompletionResultType]::ParameterValue, 'Send recorded requests to a server when they are due')
            [CompletionResult]::new('diff', 'diff', [CompletionResultType]::ParameterValue, 'Compare the answers of two systems to the same requests')
            [CompletionResult]::new('mirror', 'mirror', [CompletionResultType]::ParameterValue, 'Pass requests to the old system, and a copy of each to the new one')
            break
        }
        'kefu;replay;capture' {
            [CompletionResult]::new('-i', '-i', [CompletionResultType]::ParameterName, 'Read packets from this file or from those that a pattern names; may be given several times')
            [CompletionResult]::new('--input', '--input', [CompletionResultType]::ParameterName, 'Read packets from this file or from those that a pattern names; may be given several times')
            [CompletionResult]::new('--port', '--port', [CompletionResultType]::ParameterName, 'Of packets, take connections to these ports [default: all]')
            [CompletionResult]::new('--max-message', '--max-message', [CompletionResultType]::ParameterName, 'Leave out messages with more bytes')
            [CompletionResult]::new('--max-memory', '--max-memory', [CompletionResultType]::ParameterName, 'Hold at most so much of connections that are under way; what does not fit counts as lost')
            [CompletionResult]::new('--redact', '--redact', [CompletionResultType]::ParameterName, 'Replace this in messages; `off` replaces nothing')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Write to this file, which only its owner may read [default: standard output]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Write to this file, which only its owner may read [default: standard output]')
            [CompletionResult]::new('--to', '--to', [CompletionResultType]::ParameterName, 'What is written [default: by the name of the file, else gor]')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Write the report like this, to standard error if standard output has the records')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read settings from this file (else from `kefu.yaml`, where there is one)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Write log lines for people or as JSON')
            [CompletionResult]::new('--log-level', '--log-level', [CompletionResultType]::ParameterName, 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`')
            [CompletionResult]::new('--no-responses', '--no-responses', [CompletionResultType]::ParameterName, 'Leave responses out')
            [CompletionResult]::new('--replace', '--replace', [CompletionResultType]::ParameterName, 'Write over a file that is there already')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'kefu;replay;convert' {
            [CompletionResult]::new('--port', '--port', [CompletionResultType]::ParameterName, 'Of packets, take connections to these ports [default: all]')
            [CompletionResult]::new('--max-message', '--max-message', [CompletionResultType]::ParameterName, 'Leave out messages with more bytes')
            [CompletionResult]::new('--max-memory', '--max-memory', [CompletionResultType]::ParameterName, 'Hold at most so much of connections that are under way; what does not fit counts as lost')
            [CompletionResult]::new('--redact', '--redact', [CompletionResultType]::ParameterName, 'Replace this in messages; `off` replaces nothing')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Write to this file, which only its owner may read [default: standard output]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Write to this file, which only its owner may read [default: standard output]')
            [CompletionResult]::new('--to', '--to', [CompletionResultType]::ParameterName, 'What is written [default: by the name of the file, else gor]')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Write the report like this, to standard error if standard output has the records')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read settings from this file (else from `kefu.yaml`, where there is one)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Write log lines for people or as JSON')
            [CompletionResult]::new('--log-level', '--log-level', [CompletionResultType]::ParameterName, 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`')
            [CompletionResult]::new('--replace', '--replace', [CompletionResultType]::ParameterName, 'Write over a file that is there already')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'kefu;replay;inspect' {
            [CompletionResult]::new('--port', '--port', [CompletionResultType]::ParameterName, 'Of packets, take connections to these ports [default: all]')
            [CompletionResult]::new('--max-message', '--max-message', [CompletionResultType]::ParameterName, 'Leave out messages with more bytes')
            [CompletionResult]::new('--max-memory', '--max-memory', [CompletionResultType]::ParameterName, 'Hold at most so much of connections that are under way; what does not fit counts as lost')
            [CompletionResult]::new('--top', '--top', [CompletionResultType]::ParameterName, 'Show so many endpoints')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Write the result like this')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read settings from this file (else from `kefu.yaml`, where there is one)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Write log lines for people or as JSON')
            [CompletionResult]::new('--log-level', '--log-level', [CompletionResultType]::ParameterName, 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'kefu;replay;run' {
            [CompletionResult]::new('-t', '-t', [CompletionResultType]::ParameterName, 'Send to this server')
            [CompletionResult]::new('--target', '--target', [CompletionResultType]::ParameterName, 'Send to this server')
            [CompletionResult]::new('--allow-host', '--allow-host', [CompletionResultType]::ParameterName, 'Also send to this host, which is not this machine; may be given several times')
            [CompletionResult]::new('--ca-file', '--ca-file', [CompletionResultType]::ParameterName, 'Trust the certificates in this file (PEM), too, of a target that is https://')
            [CompletionResult]::new('--speed', '--speed', [CompletionResultType]::ParameterName, 'Send so many times as fast as recorded, or `max`')
            [CompletionResult]::new('--rate', '--rate', [CompletionResultType]::ParameterName, 'Send so many requests a second instead')
            [CompletionResult]::new('--ramp', '--ramp', [CompletionResultType]::ParameterName, 'Reach the rate within this time')
            [CompletionResult]::new('--loop', '--loop', [CompletionResultType]::ParameterName, 'Send everything so many times')
            [CompletionResult]::new('--connections', '--connections', [CompletionResultType]::ParameterName, 'Use at most so many connections')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Give a request up after this time')
            [CompletionResult]::new('--set-header', '--set-header', [CompletionResultType]::ParameterName, 'Put this header in place of one of its name, or beside the others; may be given several times')
            [CompletionResult]::new('--translate', '--translate', [CompletionResultType]::ParameterName, 'Translate requests to the new system, and its answers back, by this YAML file or the shipped `gofly`')
            [CompletionResult]::new('--set', '--set', [CompletionResultType]::ParameterName, 'Give a setting of the translation a value; may be given several times')
            [CompletionResult]::new('--max-message', '--max-message', [CompletionResultType]::ParameterName, 'Leave out messages with more bytes')
            [CompletionResult]::new('--max-memory', '--max-memory', [CompletionResultType]::ParameterName, 'Hold at most so much of connections that are under way; what does not fit counts as lost')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Write the answers to this .gor file, which only its owner may read')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Write the answers to this .gor file, which only its owner may read')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Write the report like this')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read settings from this file (else from `kefu.yaml`, where there is one)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Write log lines for people or as JSON')
            [CompletionResult]::new('--log-level', '--log-level', [CompletionResultType]::ParameterName, 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`')
            [CompletionResult]::new('--unsafe-methods', '--unsafe-methods', [CompletionResultType]::ParameterName, 'Also send requests with methods other than GET, HEAD and OPTIONS')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Read everything and send nothing')
            [CompletionResult]::new('--no-mark', '--no-mark', [CompletionResultType]::ParameterName, 'Leave the header X-Kefu-Replay out')
            [CompletionResult]::new('--replace', '--replace', [CompletionResultType]::ParameterName, 'Write over a file that is there already')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'kefu;replay;diff' {
            [CompletionResult]::new('--port', '--port', [CompletionResultType]::ParameterName, 'Of packets, take connections to these ports [default: all]')
            [CompletionResult]::new('--max-message', '--max-message', [CompletionResultType]::ParameterName, 'Leave out messages with more bytes')
            [CompletionResult]::new('--max-memory', '--max-memory', [CompletionResultType]::ParameterName, 'Hold at most so much of connections that are under way; what does not fit counts as lost')
            [CompletionResult]::new('--primary', '--primary', [CompletionResultType]::ParameterName, 'Take the old system''s answers from this server or .gor file [default: those in the input]')
            [CompletionResult]::new('--secondary', '--secondary', [CompletionResultType]::ParameterName, 'Take the old system''s answers a second time from here: what differs by itself is noise')
            [CompletionResult]::new('--candidate', '--candidate', [CompletionResultType]::ParameterName, 'Take the new system''s answers from this server or .gor file')
            [CompletionResult]::new('--allow-host', '--allow-host', [CompletionResultType]::ParameterName, 'Also send to this host, which is not this machine; may be given several times')
            [CompletionResult]::new('--ca-file', '--ca-file', [CompletionResultType]::ParameterName, 'Trust the certificates in this file (PEM), too, of servers that are https://')
            [CompletionResult]::new('--connections', '--connections', [CompletionResultType]::ParameterName, 'Ask over at most so many connections to each server')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Give a request up after this time')
            [CompletionResult]::new('--translate', '--translate', [CompletionResultType]::ParameterName, 'Translate requests to the new system, and its answers back, by this YAML file or the shipped `gofly`')
            [CompletionResult]::new('--set', '--set', [CompletionResultType]::ParameterName, 'Give a setting of the translation a value; may be given several times')
            [CompletionResult]::new('--sample', '--sample', [CompletionResultType]::ParameterName, 'Compare this share of the recorded connections')
            [CompletionResult]::new('--rules', '--rules', [CompletionResultType]::ParameterName, 'Read from this YAML file what is not compared, and what is as good as equal')
            [CompletionResult]::new('--examples', '--examples', [CompletionResultType]::ParameterName, 'Keep so many examples of each field and endpoint')
            [CompletionResult]::new('--threshold', '--threshold', [CompletionResultType]::ParameterName, 'Let this share of the answers differ')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Write the report like this')
            [CompletionResult]::new('--report', '--report', [CompletionResultType]::ParameterName, 'Also write it to this file, by its name as JSON, JUnit (.xml), HTML or Markdown (.md); may be given several times')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read settings from this file (else from `kefu.yaml`, where there is one)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Write log lines for people or as JSON')
            [CompletionResult]::new('--log-level', '--log-level', [CompletionResultType]::ParameterName, 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`')
            [CompletionResult]::new('--unsafe-methods', '--unsafe-methods', [CompletionResultType]::ParameterName, 'Also send requests with methods other than GET, HEAD and OPTIONS')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'kefu;replay;mirror' {
            [CompletionResult]::new('--listen', '--listen', [CompletionResultType]::ParameterName, 'Listen on this address')
            [CompletionResult]::new('--upstream', '--upstream', [CompletionResultType]::ParameterName, 'Have this server answer')
            [CompletionResult]::new('--max-connections', '--max-connections', [CompletionResultType]::ParameterName, 'Take at most so many connections at once')
            [CompletionResult]::new('--drain', '--drain', [CompletionResultType]::ParameterName, 'Let open connections and the shadow''s queue finish for so long at the end')
            [CompletionResult]::new('--shadow', '--shadow', [CompletionResultType]::ParameterName, 'Send a copy of each request to this server')
            [CompletionResult]::new('--sample', '--sample', [CompletionResultType]::ParameterName, 'Send this share of them')
            [CompletionResult]::new('--queue', '--queue', [CompletionResultType]::ParameterName, 'Have at most so many requests wait for the shadow or be answered by it')
            [CompletionResult]::new('--allow-host', '--allow-host', [CompletionResultType]::ParameterName, 'Also send to this host, which is not this machine; may be given several times')
            [CompletionResult]::new('--ca-file', '--ca-file', [CompletionResultType]::ParameterName, 'Trust the certificates in this file (PEM), too, of servers that are https://')
            [CompletionResult]::new('--connections', '--connections', [CompletionResultType]::ParameterName, 'Ask over at most so many connections to each server')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Give a request up after this time')
            [CompletionResult]::new('--translate', '--translate', [CompletionResultType]::ParameterName, 'Translate requests to the new system, and its answers back, by this YAML file or the shipped `gofly`')
            [CompletionResult]::new('--set', '--set', [CompletionResultType]::ParameterName, 'Give a setting of the translation a value; may be given several times')
            [CompletionResult]::new('--rules', '--rules', [CompletionResultType]::ParameterName, 'Read from this YAML file what is not compared, and what is as good as equal')
            [CompletionResult]::new('--examples', '--examples', [CompletionResultType]::ParameterName, 'Keep so many examples of each field and endpoint')
            [CompletionResult]::new('--threshold', '--threshold', [CompletionResultType]::ParameterName, 'Let this share of the answers differ')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Write the report like this')
            [CompletionResult]::new('--report', '--report', [CompletionResultType]::ParameterName, 'Also write it to this file, by its name as JSON, JUnit (.xml), HTML or Markdown (.md); may be given several times')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Write requests and answers to this .gor file, which only its owner may read')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Write requests and answers to this .gor file, which only its owner may read')
            [CompletionResult]::new('--redact', '--redact', [CompletionResultType]::ParameterName, 'Replace this in what is written; `off` replaces nothing')
            [CompletionResult]::new('--max-message', '--max-message', [CompletionResultType]::ParameterName, 'Leave out messages with more bytes')
            [CompletionResult]::new('--max-memory', '--max-memory', [CompletionResultType]::ParameterName, 'Hold at most so much of connections that are under way; what does not fit counts as lost')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read settings from this file (else from `kefu.yaml`, where there is one)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Write log lines for people or as JSON')
            [CompletionResult]::new('--log-level', '--log-level', [CompletionResultType]::ParameterName, 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`')
            [CompletionResult]::new('--unsafe-methods', '--unsafe-methods', [CompletionResultType]::ParameterName, 'Also send requests with methods other than GET, HEAD and OPTIONS')
            [CompletionResult]::new('--diff', '--diff', [CompletionResultType]::ParameterName, 'Compare the shadow''s answers with those of the old system')
            [CompletionResult]::new('--replace', '--replace', [CompletionResultType]::ParameterName, 'Write over a file that is there already')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'kefu;migrate' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read settings from this file (else from `kefu.yaml`, where there is one)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Write log lines for people or as JSON')
            [CompletionResult]::new('--log-level', '--log-level', [CompletionResultType]::ParameterName, 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('plan', 'plan', [CompletionResultType]::ParameterValue, 'Look at the sources and say what would be brought over; writes nothing')
            [CompletionResult]::new('run', 'run', [CompletionResultType]::ParameterValue, 'Bring the records over; goes on where an earlier run ended')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Say how far it has come, whether or not it is running')
            [CompletionResult]::new('verify', 'verify', [CompletionResultType]::ParameterValue, 'Read both sides again and compare every row')
            [CompletionResult]::new('dead-letter', 'dead-letter', [CompletionResultType]::ParameterValue, 'List the rows that could not be used, or try them again')
            break
        }
        'kefu;migrate;plan' {
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'The file that says what is brought over')
            [CompletionResult]::new('--file', '--file', [CompletionResultType]::ParameterName, 'The file that says what is brought over')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Say it as Markdown or as JSON')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read settings from this file (else from `kefu.yaml`, where there is one)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Write log lines for people or as JSON')
            [CompletionResult]::new('--log-level', '--log-level', [CompletionResultType]::ParameterName, 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'kefu;migrate;run' {
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'The file that says what is brought over')
            [CompletionResult]::new('--file', '--file', [CompletionResultType]::ParameterName, 'The file that says what is brought over')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Say what came of it as Markdown or as JSON')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read settings from this file (else from `kefu.yaml`, where there is one)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Write log lines for people or as JSON')
            [CompletionResult]::new('--log-level', '--log-level', [CompletionResultType]::ParameterName, 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`')
            [CompletionResult]::new('--accept-change', '--accept-change', [CompletionResultType]::ParameterName, 'Go on although the mapping is another one than before: its tables are read anew')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'kefu;migrate;status' {
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'The file that says what is brought over')
            [CompletionResult]::new('--file', '--file', [CompletionResultType]::ParameterName, 'The file that says what is brought over')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Say it as Markdown or as JSON')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read settings from this file (else from `kefu.yaml`, where there is one)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Write log lines for people or as JSON')
            [CompletionResult]::new('--log-level', '--log-level', [CompletionResultType]::ParameterName, 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`')
            [CompletionResult]::new('--watch', '--watch', [CompletionResultType]::ParameterName, 'Say it again every second until everything is done')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'kefu;migrate;verify' {
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'The file that says what is brought over')
            [CompletionResult]::new('--file', '--file', [CompletionResultType]::ParameterName, 'The file that says what is brought over')
            [CompletionResult]::new('--tables', '--tables', [CompletionResultType]::ParameterName, 'Only these tables')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Say it as Markdown or as JSON')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read settings from this file (else from `kefu.yaml`, where there is one)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Write log lines for people or as JSON')
            [CompletionResult]::new('--log-level', '--log-level', [CompletionResultType]::ParameterName, 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'kefu;migrate;dead-letter' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read settings from this file (else from `kefu.yaml`, where there is one)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Write log lines for people or as JSON')
            [CompletionResult]::new('--log-level', '--log-level', [CompletionResultType]::ParameterName, 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List them, one as a line of JSON, the last word on each key')
            [CompletionResult]::new('retry', 'retry', [CompletionResultType]::ParameterValue, 'Read their rows again and bring over what can be used by now')
            break
        }
        'kefu;migrate;dead-letter;list' {
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'The file that says what is brought over')
            [CompletionResult]::new('--file', '--file', [CompletionResultType]::ParameterName, 'The file that says what is brought over')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read settings from this file (else from `kefu.yaml`, where there is one)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Write log lines for people or as JSON')
            [CompletionResult]::new('--log-level', '--log-level', [CompletionResultType]::ParameterName, 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'kefu;migrate;dead-letter;retry' {
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'The file that says what is brought over')
            [CompletionResult]::new('--file', '--file', [CompletionResultType]::ParameterName, 'The file that says what is brought over')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Say what came of it as Markdown or as JSON')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read settings from this file (else from `kefu.yaml`, where there is one)')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Write log lines for people or as JSON')
            [CompletionResult]::new('--log-level', '--log-level', [CompletionResultType]::ParameterName, 'Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
