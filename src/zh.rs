//! Chinese texts of the help, by the name of what they describe: `kefu serve`, `kefu serve --listen`,
//! `kefu serve (after)` for what follows the options, `Limits:` for a heading.

/// Returns the text for a key.
pub(crate) fn text(key: &str) -> Option<&'static str> {
    TEXTS.iter().find(|(known, _)| *known == key).map(|(_, text)| *text)
}

/// The texts, sorted by what the English help shows first.
pub(crate) const TEXTS: &[(&str, &str)] = &[
    ("kefu", "一个程序做好在线客服:聊天服务,以及把公司迁移到它上面的工具"),
    (
        "kefu (after)",
        "\
示例:
  kefu serve --demo            试用:示例数据,临时数据库
  kefu serve                   在 127.0.0.1:8080 运行服务
  kefu bench chat --help       性能测量
  kefu adapt convert --help    在 Thrift、SOAP 与 JSON 之间转换
  kefu replay --help           抓取流量并重新发送
  kefu migrate --help          迁移旧系统的记录

设置依次来自默认值、kefu.yaml、KEFU_* 环境变量和命令行选项,后者优先。
设置 KEFU_LANG=en 可使用英文。",
    ),
    ("Commands:", "命令"),
    ("Global options:", "全局选项"),
    ("kefu --config", "从此文件读取设置(默认:存在时读取 `kefu.yaml`)"),
    ("kefu --log-format", "日志格式:供人阅读或 JSON"),
    (
        "kefu --log-level",
        "日志级别:error、warn、info、debug、trace 或 off,也可为 `info,kefu_serve=debug` 形式的过滤器",
    ),
    ("kefu serve", "运行聊天服务"),
    (
        "kefu serve (after)",
        "\
示例:
  # 试用:示例数据放在临时目录,并打印登录信息
  kefu serve --demo

  # 正式运行;数据库为空时会打印一次性链接,用来创建第一个管理员
  kefu serve --data-dir /var/lib/kefu --listen 127.0.0.1:8080

  # 无人值守地创建第一个管理员
  KEFU_ADMIN_EMAIL=admin@example.com KEFU_ADMIN_PASSWORD_FILE=/run/secrets/kefu kefu serve

  # 当前生效的设置是什么,各来自哪里?
  kefu serve --check-config

  # 让同一台机器上的第二个进程随时准备接管
  kefu serve --standby --data-dir /var/lib/kefu --listen 127.0.0.1:8081

  # 在使用中复制数据库
  kefu serve backup --data-dir /var/lib/kefu --to /backup/kefu.db

退出码:65 数据库损坏,69 端口被占用,73 目录不可写,74 磁盘已满或损坏,
75 数据库正被使用,76 数据库来自更新的版本,78 配置有误。",
    ),
    ("Care of the store:", "数据库维护"),
    ("Service:", "服务"),
    ("kefu serve --listen", "监听此地址 [默认:127.0.0.1:8080]"),
    ("kefu serve --data-dir", "数据库所在的目录 [默认:用户数据目录下的 kefu]"),
    ("kefu serve --demo", "提供示例数据和演示商店;未用 --data-dir 指定目录时使用临时目录"),
    ("kefu serve --standby", "在正在服务的进程旁待命,并在其结束后接管数据库"),
    ("kefu serve --shadow", "演练:不向外发送任何内容,只列出本应发送的内容;需要单独的数据库"),
    ("Settings:", "设置"),
    ("kefu serve --check-config", "打印生效的设置及各自的来源,然后结束"),
    ("kefu serve --format", "打印的格式"),
    ("kefu serve backup", "把数据库复制到一个文件,无论是否正在使用"),
    (
        "kefu serve backup (after)",
        "\
示例:
  kefu serve backup --data-dir /var/lib/kefu
  kefu serve backup --data-dir /var/lib/kefu --to /backup/kefu-monday.db --format json",
    ),
    ("Backup:", "备份"),
    ("kefu serve backup --data-dir", "数据库在此目录 [默认:与 `kefu serve` 相同]"),
    ("kefu serve backup --to", "写入此文件,它必须尚不存在 [默认:工作目录下的 kefu-<时间>.db]"),
    ("kefu serve backup --format", "报告的格式"),
    (
        "kefu serve restore",
        "用备份替换数据库

数据库会得到新的纪元:客户端丢弃已有内容并重新加载。此时不能有服务在使用它。",
    ),
    (
        "kefu serve restore (after)",
        "\
示例:
  kefu serve restore /backup/kefu-monday.db --data-dir /var/lib/kefu
  kefu serve restore /backup/kefu-monday.db --data-dir /var/lib/kefu --replace",
    ),
    ("Restore:", "恢复"),
    ("kefu serve restore <file>", "备份文件"),
    ("kefu serve restore --data-dir", "把数据库放入此目录 [默认:与 `kefu serve` 相同]"),
    ("kefu serve restore --replace", "放弃那里已有的数据库"),
    ("kefu serve restore --format", "报告的格式"),
    ("kefu serve check", "检查数据库是否完好,不作任何更改"),
    (
        "kefu serve check (after)",
        "\
示例:
  kefu serve check --data-dir /var/lib/kefu
  kefu serve check --data-dir /var/lib/kefu --format json

退出码:0 数据库完好,65 数据库损坏。",
    ),
    ("Check:", "检查"),
    ("kefu serve check --data-dir", "数据库在此目录 [默认:与 `kefu serve` 相同]"),
    ("kefu serve check --format", "报告的格式"),
    ("kefu serve audit", "校验或导出审计日志,无论数据库是否正在使用"),
    ("kefu serve audit verify", "检查审计日志中是否有行被修改、添加或删除"),
    (
        "kefu serve audit verify (after)",
        "\
示例:
  kefu serve audit verify --data-dir /var/lib/kefu
  # 末尾是否有行被截掉?NUMBER:HASH 是之前打印并另行保存的值
  kefu serve audit verify --data-dir /var/lib/kefu --head NUMBER:HASH

退出码:0 日志完好,1 有行被修改、添加或删除,2 日志与 --head 不相接。",
    ),
    ("Verify:", "校验"),
    ("kefu serve audit verify --data-dir", "数据库在此目录 [默认:与 `kefu serve` 相同]"),
    ("kefu serve audit verify --head", "检查日志中仍有此行且哈希相同(之前打印的值)"),
    ("kefu serve audit verify --format", "报告的格式"),
    ("kefu serve audit export", "把审计日志写到标准输出,最早的行在前"),
    (
        "kefu serve audit export (after)",
        "\
示例:
  kefu serve audit export --data-dir /var/lib/kefu > audit.ndjson
  kefu serve audit export --after 1200 --format csv > audit.csv",
    ),
    ("Export:", "导出"),
    ("kefu serve audit export --data-dir", "数据库在此目录 [默认:与 `kefu serve` 相同]"),
    ("kefu serve audit export --after", "从此行之后开始"),
    ("kefu serve audit export --format", "各行的格式"),
    ("kefu serve privacy", "导出或抹除一个客户"),
    ("kefu serve privacy export", "把一个客户的全部已知数据写为 JSON,无论数据库是否正在使用"),
    (
        "kefu serve privacy export (after)",
        "\
示例:
  kefu serve privacy export 0198c0de-0000-7000-8000-000000000001 --to customer.json
  kefu serve privacy export 0198c0de-0000-7000-8000-000000000001 --to customer.json --files customer-files

退出码:0 已写出,2 没有这个客户。",
    ),
    ("Customer:", "客户"),
    ("kefu serve privacy export <customer>", "客户的 ID"),
    ("kefu serve privacy export --data-dir", "数据库在此目录 [默认:与 `kefu serve` 相同]"),
    ("kefu serve privacy export --to", "写入此文件,它必须尚不存在 [默认:标准输出]"),
    ("kefu serve privacy export --files", "把会话中的文件复制到此目录,它必须尚不存在;文档中注明各文件的名称"),
    (
        "kefu serve privacy erase",
        "彻底抹除一个客户,数据库不能正在使用

消息只保留编号。之前的备份不受影响。",
    ),
    (
        "kefu serve privacy erase (after)",
        "\
示例:
  kefu serve privacy erase 0198c0de-0000-7000-8000-000000000001
  kefu serve privacy erase 0198c0de-0000-7000-8000-000000000001 --yes --format json

退出码:0 已无任何残留,1 处于法律保全,2 没有这个客户,75 服务正在使用数据库:请通过其 API 抹除。",
    ),
    ("kefu serve privacy erase <customer>", "客户的 ID"),
    ("kefu serve privacy erase --data-dir", "数据库在此目录 [默认:与 `kefu serve` 相同]"),
    ("kefu serve privacy erase --yes", "不再询问是否确定"),
    ("kefu serve privacy erase --format", "报告的格式"),
    ("kefu serve events", "打印事件、重新投递、列出死信"),
    ("kefu serve events tail", "打印发生的事件,无论数据库是否正在使用"),
    (
        "kefu serve events tail (after)",
        "\
示例:
  kefu serve events tail --topic 'conversation.*' --topic chat.rated
  # 今天上午以来的事件,每行一个 CloudEvent
  kefu serve events tail --since 2026-11-29T08:00:00+08:00 --once --format json > events.ndjson",
    ),
    ("Events:", "事件"),
    ("kefu serve events tail --data-dir", "数据库在此目录 [默认:与 `kefu serve` 相同]"),
    ("kefu serve events tail --topic", "仅限这些主题;`*` 代表一个词,`>` 代表其余部分 [默认:>]"),
    ("kefu serve events tail --since", "从此时刻(RFC 3339)发生的事件开始 [默认:现在]"),
    ("kefu serve events tail --once", "到日志末尾即结束,不再等待新的事件"),
    ("kefu serve events tail --format", "事件的格式"),
    ("kefu serve events replay", "让一个订阅重新收到过去的事件,数据库不能正在使用"),
    (
        "kefu serve events replay (after)",
        "\
示例:
  kefu serve events replay sales --since 2026-11-28T00:00:00Z

退出码:0 将重新投递,2 没有这个订阅,75 服务正在使用数据库:请通过其 API 进行。",
    ),
    ("Replay:", "重放"),
    ("kefu serve events replay <subscription>", "订阅的 ID 或名称"),
    ("kefu serve events replay --since", "从此时刻(RFC 3339)开始"),
    ("kefu serve events replay --data-dir", "数据库在此目录 [默认:与 `kefu serve` 相同]"),
    ("kefu serve events replay --format", "报告的格式"),
    ("kefu serve events dead-letter", "列出订阅未能接收的事件,或重新投递它们"),
    (
        "kefu serve events dead-letter (after)",
        "\
示例:
  kefu serve events dead-letter
  kefu serve events dead-letter sales --retry

退出码:0 完成,2 没有这个订阅,75 服务正在使用数据库:请通过其 API 进行。",
    ),
    ("Dead letters:", "死信"),
    ("kefu serve events dead-letter <subscription>", "订阅的 ID 或名称 [默认:全部]"),
    ("kefu serve events dead-letter --retry", "重新投递它们,数据库不能正在使用"),
    ("kefu serve events dead-letter --data-dir", "数据库在此目录 [默认:与 `kefu serve` 相同]"),
    ("kefu serve events dead-letter --format", "列表的格式"),
    ("kefu serve query", "查询数据层,或检查其配置"),
    ("kefu serve query run", "向配置中的所有系统发起一次查询"),
    (
        "kefu serve query run (after)",
        "\
示例:
  kefu serve query run user.graphql --variables '{\"id\": 42}'
  echo '{ users { nodes { id name } } }' | kefu serve query run --explain analyze
  kefu serve query run user.graphql --file query.yaml --role agent --format json

退出码:0 已返回结果,1 结果中有错误,78 配置有误。",
    ),
    ("Query:", "查询"),
    ("Data layer:", "数据层"),
    ("Answer:", "结果"),
    ("kefu serve query run <query>", "查询语句所在的文件 [默认:标准输入]"),
    ("kefu serve query run --variables", "变量的值,JSON 格式"),
    ("kefu serve query run --operation", "有多个操作时执行此操作"),
    ("kefu serve query run --file", "从此文件读取配置 [默认:serve.graphql.file]"),
    ("kefu serve query run --data-dir", "kefu 自身记录所在的数据库目录 [默认:与 `kefu serve` 相同]"),
    ("kefu serve query run --role", "以此角色的身份查询"),
    ("kefu serve query run --explain", "同时给出执行计划,或执行后各步骤的耗时"),
    ("kefu serve query run --format", "结果的格式:供人阅读,或供程序使用的单行 JSON"),
    ("kefu serve query explain", "显示查询将如何执行,不访问任何系统"),
    (
        "kefu serve query explain (after)",
        "\
示例:
  kefu serve query explain user.graphql --variables '{\"id\": 42}'

退出码:0 已给出计划,1 查询被拒绝,78 配置有误。",
    ),
    ("kefu serve query explain <query>", "查询语句所在的文件 [默认:标准输入]"),
    ("kefu serve query explain --variables", "变量的值,JSON 格式"),
    ("kefu serve query explain --operation", "有多个操作时解释此操作"),
    ("kefu serve query explain --file", "从此文件读取配置 [默认:serve.graphql.file]"),
    ("kefu serve query explain --data-dir", "kefu 自身记录所在的数据库目录 [默认:与 `kefu serve` 相同]"),
    ("kefu serve query explain --role", "以此角色的身份查询"),
    ("kefu serve query explain --format", "计划的格式:树形文本或 JSON"),
    ("kefu serve query check", "检查数据层配置"),
    (
        "kefu serve query check (after)",
        "\
示例:
  kefu serve query check
  kefu serve query check --file query.yaml --schema > schema.graphql

退出码:0 配置无误,78 配置有误:逐条列出所有错误的行号和路径。",
    ),
    ("kefu serve query check --file", "从此文件读取配置 [默认:serve.graphql.file]"),
    ("kefu serve query check --schema", "打印由它生成的 schema"),
    ("kefu serve query introspect", "根据正在运行的系统或其描述文件,生成配置草稿"),
    (
        "kefu serve query introspect (after)",
        "\
示例:
  kefu serve query introspect mysql 'mysql://reader:secret@db/shop' > query.yaml
  kefu serve query introspect mongodb mongodb://db --database chat
  kefu serve query introspect soap ticket.wsdl

退出码:0 已生成草稿,64 没有这种系统,69 无法读取该系统。",
    ),
    ("System:", "系统"),
    ("kefu serve query introspect <kind>", "mysql、postgres、sqlite、mongodb、soap、thrift 或 http"),
    ("kefu serve query introspect <place>", "系统的地址,或其数据文件、描述文件(WSDL、IDL 或 OpenAPI)"),
    ("kefu serve query introspect --name", "草稿中该系统的名称"),
    ("kefu serve query introspect --database", "MongoDB 中要查看的数据库"),
    (
        "kefu serve report",
        "统计会话情况,无论数据库是否正在使用

每次都从消息日志重新统计;各项指标的含义见运维指南。",
    ),
    (
        "kefu serve report (after)",
        "\
示例:
  kefu serve report --from 2026-11-01 --to 2026-11-30 --zone Asia/Shanghai
  kefu serve report --from 2026-11-28 --to 2026-11-28 --by agent --format csv > agents.csv",
    ),
    ("Report:", "统计"),
    ("kefu serve report --data-dir", "数据库在此目录 [默认:与 `kefu serve` 相同]"),
    ("kefu serve report --from", "从此日期或时刻开始"),
    ("kefu serve report --to", "到此日期(含)或此时刻(不含)为止;最多相隔 400 天,按小时统计时 62 天"),
    ("kefu serve report --by", "按此维度统计"),
    ("kefu serve report --zone", "日期与小时所用的时区 [默认:UTC]"),
    ("kefu serve report --format", "报表的格式"),
    (
        "kefu serve rotate-key",
        "添加一个密钥,此后用它加密保存的机密

密钥追加到文件 secret.key 中。正在使用该数据库的服务会得到通知,并把旧密钥加密的内容重新加密;否则在下次启动时进行。
旧密钥保留在文件中:备份需要它们。",
    ),
    (
        "kefu serve rotate-key (after)",
        "\
示例:
  kefu serve rotate-key --data-dir /var/lib/kefu",
    ),
    ("Rotation:", "轮换"),
    ("kefu serve rotate-key --data-dir", "数据库在此目录 [默认:与 `kefu serve` 相同]"),
    ("kefu serve rotate-key --format", "报告的格式"),
    ("kefu bench", "对运行中的服务做压力测量"),
    (
        "kefu bench (after)",
        "\
退出码:
  0  所有 --threshold 都成立
  1  有 --threshold 不成立
  2  本次测量无效:发生器自身迟到,或连接无法建立
  3  命令行、其中指定的文件或目标无法使用",
    ),
    (
        "kefu bench chat",
        "测量聊天服务:许多访客、若干客服,经 WebSocket

以管理员身份登录以创建客服(bench-agent-N@bench.invalid),为每个访客开启会话,按固定时间表发送消息。
在两端统计延迟、丢失、重复和乱序;服务与本程序同机时还统计其内存和处理器时间。
会留下客服和会话记录:不要指向重要的数据库。",
    ),
    (
        "kefu bench chat (after)",
        "\
示例:
  # 12,000 个访客每秒向 60 个客服发送 5,000 条消息;超过 20 ms 即失败
  kefu bench chat --visitors 12000 --agents 60 --rate 5000 --duration 60s \\
      --threshold 'p99<=20ms' --threshold 'loss==0'

  # 同上,同时有主管关注,且每秒有 80 次读取
  kefu bench chat --visitors 12000 --agents 60 --rate 5000 --duration 60s \\
      --supervisors 5 --reads-per-second 80 --threshold 'p99<=20ms' --threshold 'read_errors==0'

  # 15,000 个空闲连接:每个让服务占用多少内存?
  kefu bench chat --idle --visitors 15000 --steps 5000,15000 --duration 60s

  # 服务能承受的最大消息量,同时在途 1,000 条
  kefu bench chat --max --visitors 15000 --agents 60 --in-flight 1000

  # 连接数超过单个进程可打开的数量
  kefu bench chat --idle --visitors 60000 --procs 4 --source-addresses 3

  # 所有人同时重连并补齐消息
  kefu bench chat --storm --visitors 15000 --agents 60 --threshold 'catch_up<=10s'

延迟从消息或读取应当发出的时刻算起,而不是实际发出的时刻,服务造成的任何拖延都不会被漏掉。
发生器自身的迟到超过所测 p99 的十分之一(或更小的 1 ms)时,本次测量无效(退出码 2)。

退出码:
  0  所有 --threshold 都成立
  1  有 --threshold 不成立
  2  本次测量无效:发生器自身迟到,或连接无法建立
  3  命令行、其中指定的文件或目标无法使用",
    ),
    ("Target:", "目标"),
    ("kefu bench chat --url", "服务的监听地址"),
    ("kefu bench chat --inbox", "访客所进入的收件箱的键"),
    ("kefu bench chat --admin-email", "以此管理员身份登录来创建客服"),
    ("kefu bench chat --admin-password", "管理员密码;最好放在文件或环境变量中"),
    ("kefu bench chat --admin-password-file", "从此文件读取管理员密码"),
    ("kefu bench chat --ca-file", "除系统证书外,还信任此文件 (PEM) 中的证书"),
    ("kefu bench chat --server-pid", "观察此进程 [默认:本机上监听该地址的进程]"),
    (
        "kefu bench chat --server-metrics",
        "通过服务在此网址向 Prometheus 提供的自身进程指标来观察服务,例如 http://10.0.0.5:8080/metrics",
    ),
    ("kefu bench chat --metrics-token-file", "用此文件中的 bearer 令牌读取指标"),
    ("kefu bench chat --allow-host", "允许以此主机为目标,尽管它不是本机;可多次给出"),
    ("kefu bench chat --source-addresses", "从 127.0.0.0/8 中的这么多个地址发起连接,使连接数可以超过端口数"),
    ("Load:", "负载"),
    ("kefu bench chat --visitors", "保持这么多访客在线"),
    ("kefu bench chat --senders", "只让其中这么多访客发送 [默认:全部]"),
    ("kefu bench chat --agents", "保持这么多客服在线;为 0 时只测量确认 [默认:1,使用 --idle 时为 0]"),
    ("kefu bench chat --supervisors", "让这么多主管关注全部会话,并各自关注几个会话"),
    ("kefu bench chat --reads-per-second", "让主管和客服每秒经 REST 读取列表、消息和访客这么多次"),
    ("kefu bench chat --rate", "所有访客合计每秒发送这么多条消息"),
    ("kefu bench chat --duration", "测量时长;使用 --idle 时为保持连接的时长"),
    ("kefu bench chat --warmup", "测量前先发送这么久;前一半时间里速率逐渐上升"),
    ("kefu bench chat --profile", "让速率随时间变化:constant、ramp、step:COUNT、spike:TIMES 或 soak"),
    ("kefu bench chat --arrivals", "让请求均匀间隔,或像互不相干的调用者那样随机到达"),
    ("kefu bench chat --seed", "按此数字重现随机到达"),
    ("kefu bench chat --procs", "由这么多进程各发送一部分负载;用于多个核心,或突破单个进程的打开文件数"),
    ("Instead of a fixed rate:", "代替固定速率"),
    ("kefu bench chat --idle", "只保持连接,并报告每个连接让服务占用多少内存"),
    ("kefu bench chat --steps", "与 --idle 同用,在这些连接数时查看服务的内存 [默认:三分之一和全部]"),
    ("kefu bench chat --max", "以服务能承受的最快速度发送"),
    ("kefu bench chat --in-flight", "与 --max 同用,保持这么多条消息在途(尚未确认也未送达)"),
    ("kefu bench chat --storm", "断开所有访客,给每人发一条消息,测量全部重连并补齐所需的时间"),
    ("Report:", "报告"),
    (
        "kefu bench chat --threshold",
        "除非此条件成立,否则以退出码 1 失败,例如 `p99<=20ms`、`loss==0`、`rate>=30000` 或 `rss_mb<=60`",
    ),
    (
        "kefu bench chat --abort-on-fail",
        "一旦某个关于 errors、error_rate、max 或百分位数的条件已不可能成立,就结束测试,退出码 1",
    ),
    ("kefu bench chat --format", "报告的格式 [默认:由文件名决定,否则为终端格式]"),
    ("kefu bench chat --output", "把报告写入此文件而不是标准输出;可多次给出"),
    (
        "kefu bench http",
        "测量任意 HTTP/1.1 服务:反复发送同一个请求

给出 --rate 时按固定时间表发送,不管应答要多久:开环。不给时,每个连接上始终有一个请求,
每个应答带来下一个请求:闭环,它能找出服务的承受上限,但会掩盖服务让别人等待的时间。",
    ),
    (
        "kefu bench http (after)",
        "\
示例:
  # 200 个连接每秒 5,000 个请求,持续半分钟;超过 100 ms 即失败
  kefu bench http http://127.0.0.1:8080/healthz -c 200 -r 5000 -d 30s --threshold 'p99 < 100ms'

  # 64 个连接能得到多少应答就发多少请求
  kefu bench http http://127.0.0.1:8080/healthz -c 64 -d 10s

  # 向另一台机器发送带请求体的请求,中间有十倍速率的尖峰
  kefu bench http https://shop.example/api/orders --allow-host shop.example -m POST \\
      -H 'content-type: application/json' --body-file order.json -r 200 --profile spike:10

  # 一份给人看的报告,一份给程序,一份给 CI
  kefu bench http http://127.0.0.1:8080/ -r 1000 -o report.html -o report.json -o junit.xml

按时间表发送时,延迟从请求应当发出的时刻算起,服务时间从有空闲连接的时刻算起:服务让别人等待的时间
计入前者而不计入后者。发生器自身的迟到(p99)超过 1 ms 且超过所测 p99 的十分之一时,本次测量无效(退出码 2)。

退出码:
  0  所有 --threshold 都成立
  1  有 --threshold 不成立
  2  本次测量无效:发生器自身迟到,或连接无法建立
  3  命令行、其中指定的文件或目标无法使用",
    ),
    ("kefu bench http <url>", "请求的网址"),
    ("kefu bench http --allow-host", "允许以此主机为目标,尽管它不是本机;可多次给出"),
    ("kefu bench http --ca-file", "除系统证书外,还信任此文件 (PEM) 中的证书"),
    ("kefu bench http --server-pid", "观察此进程 [默认:本机上监听该地址的进程]"),
    (
        "kefu bench http --server-metrics",
        "通过服务在此网址向 Prometheus 提供的自身进程指标来观察服务,例如 http://10.0.0.5:8080/metrics",
    ),
    ("kefu bench http --metrics-token-file", "用此文件中的 bearer 令牌读取指标"),
    ("kefu bench http --source-addresses", "从 127.0.0.0/8 中的这么多个地址发起连接,使连接数可以超过端口数"),
    ("kefu bench http --method", "使用此方法 [默认:GET,有请求体时为 POST]"),
    ("kefu bench http --header", "发送此头部行,例如 `accept: text/html`;可多次给出"),
    ("kefu bench http --body", "发送此请求体"),
    ("kefu bench http --body-file", "发送此文件的内容"),
    ("kefu bench http --no-keep-alive", "每个请求新开一个连接"),
    ("kefu bench http --timeout", "请求超过这么久即放弃"),
    ("kefu bench http --concurrency", "使用这么多连接"),
    ("kefu bench http --rate", "每秒发送这么多请求 [默认:有多少应答就发多少]"),
    ("kefu bench http --duration", "测量时长"),
    ("kefu bench http --requests", "最多发送这么多请求,包括预热"),
    ("kefu bench http --warmup", "测量前先发送这么久;前一半时间里速率逐渐上升 [默认:1s,使用 --requests 时为 0s]"),
    ("kefu bench http --profile", "让速率随时间变化:constant、ramp、step:COUNT、spike:TIMES 或 soak"),
    ("kefu bench http --arrivals", "让请求均匀间隔,或像互不相干的调用者那样随机到达"),
    ("kefu bench http --seed", "按此数字重现随机到达"),
    ("kefu bench http --procs", "由这么多进程各发送一部分负载;用于多个核心,或突破单个进程的打开文件数"),
    (
        "kefu bench http --threshold",
        "除非此条件成立,否则以退出码 1 失败,例如 `p99<=20ms`、`errors==0`、`rate>=30000` 或 `rss_mb<=60`",
    ),
    (
        "kefu bench http --abort-on-fail",
        "一旦某个关于 errors、error_rate、max 或百分位数的条件已不可能成立,就结束测试,退出码 1",
    ),
    ("kefu bench http --format", "报告的格式 [默认:由文件名决定,否则为终端格式]"),
    ("kefu bench http --output", "把报告写入此文件而不是标准输出;可多次给出"),
    (
        "kefu bench run",
        "运行场景:调用者逐步做什么,来自文件或预设

由 HTTP 请求和 WebSocket 消息组成的流程,可以捕获、断言、停顿、加权,并使用 CSV 或 JSON 行中的数据;
按时间表开始,或在结束一个之后开始下一个。文件的全部写法见 docs/bench.md。",
    ),
    (
        "kefu bench run (after)",
        "\
示例:
  # 调用者逐步做什么
  kefu bench run shop.yaml -r 50 -d 1m --threshold 'p99 < 300ms' --threshold 'errors == 0'

  # kefu 的访客和回复他们的客服;创建客服的管理员由环境变量给出
  KEFU_ADMIN_EMAIL=admin@example.com KEFU_ADMIN_PASSWORD=... \\
      kefu bench run chat --target http://127.0.0.1:8080 -r 100

  # 输出预设的内容,供复制和修改
  kefu bench run chat --show > mine.yaml

预设:chat、chat-resume、gofly、graphql、http、soap、webhook。场景的写法见 docs/bench.md。

退出码:
  0  --threshold 和场景中的阈值都成立
  1  有一个不成立
  2  本次测量无效:发生器自身迟到,或什么也没有测到
  3  命令行、其中指定的文件或目标无法使用
  78 场景有误;会指出文件、行和键",
    ),
    ("kefu bench run <scenario>", "场景文件,或预设的名称"),
    ("kefu bench run --show", "输出场景而不运行"),
    ("kefu bench run --target", "服务的地址 [默认:由场景决定]"),
    ("kefu bench run --allow-host", "允许以此主机为目标,尽管它不是本机;可多次给出"),
    ("kefu bench run --ca-file", "除系统证书外,还信任此文件 (PEM) 中的证书"),
    ("kefu bench run --source-addresses", "从 127.0.0.0/8 中的这么多个地址发起连接,使连接数可以超过端口数"),
    ("kefu bench run --admin-email", "以此管理员身份登录来创建客服"),
    ("kefu bench run --admin-password", "管理员密码;最好放在文件或环境变量中"),
    ("kefu bench run --admin-password-file", "从此文件读取管理员密码"),
    ("kefu bench run --server-pid", "观察此进程 [默认:本机上监听该地址的进程]"),
    (
        "kefu bench run --server-metrics",
        "通过服务在此网址向 Prometheus 提供的自身进程指标来观察服务,例如 http://10.0.0.5:8080/metrics",
    ),
    ("kefu bench run --metrics-token-file", "用此文件中的 bearer 令牌读取指标"),
    ("kefu bench run --set", "给场景中的变量另一个值;可多次给出"),
    ("kefu bench run --concurrency", "同时进行的流程最多这么多 [默认:由场景决定]"),
    ("kefu bench run --rate", "每秒开始这么多流程 [默认:由场景决定]"),
    ("kefu bench run --duration", "测量时长 [默认:由场景决定]"),
    ("kefu bench run --procs", "由这么多进程各发送一部分负载;用于多个核心,或突破单个进程的打开文件数"),
    ("kefu bench run --warmup", "测量前先发送这么久 [默认:由场景决定]"),
    (
        "kefu bench run --threshold",
        "除非此条件成立,否则以退出码 1 失败,例如 `p99<=20ms`、`errors==0`、`rate>=30000` 或 `rss_mb<=60`",
    ),
    (
        "kefu bench run --abort-on-fail",
        "一旦某个关于 errors、error_rate、max 或百分位数的条件已不可能成立,就结束测试,退出码 1",
    ),
    ("kefu bench run --format", "报告的格式 [默认:由文件名决定,否则为终端格式]"),
    ("kefu bench run --output", "把报告写入此文件而不是标准输出;可多次给出"),
    ("kefu bench compare", "比较重复测试的报告,指出超出噪声的变差"),
    (
        "kefu bench compare (after)",
        "\
示例:
  # 各测五次,每方一个文件
  for run in 1 2 3 4 5; do kefu bench http \"$URL\" -r 2000 --format json; done > new.json
  kefu bench compare base.json new.json

退出码:
  0  没有比以前更差的
  1  有超出噪声和容差的变差
  2  次数太少无法判断,或其中有无效的测试
  3  命令行或文件无法使用",
    ),
    ("kefu bench compare <base>", "以前的 JSON 报告,文件中可有一份或多份"),
    ("kefu bench compare <new>", "要与之比较的报告;每个文件各自比较"),
    ("kefu bench compare --metric", "比较此指标 [默认:p50、p99、rate、error_rate 和 cpu_per_message];可多次给出"),
    ("kefu bench compare --tolerance", "不超过这么多百分比的变化视为没有变化"),
    ("kefu bench compare --seed", "按此数字重现重采样"),
    ("kefu bench compare --format", "比较结果的格式"),
    ("kefu bench report", "以另一种形式写出报告"),
    (
        "kefu bench report (after)",
        "\
示例:
  # 把 CI 保存的 JSON 变成网页
  kefu bench report run.json -o run.html",
    ),
    ("kefu bench report <file>", "JSON 报告"),
    ("kefu bench report --format", "报告的格式 [默认:由文件名决定,否则为终端格式]"),
    ("kefu bench report --output", "把报告写入此文件而不是标准输出;可多次给出"),
    ("kefu adapt", "转换、查看和识别旧系统的消息"),
    (
        "kefu adapt (after)",
        "\
示例:
  kefu adapt detect capture.bin
  kefu adapt inspect shop.thrift
  kefu adapt convert orders.bin --idl shop.thrift --struct Order
  kefu adapt convert call.xml --wsdl tickets.wsdl
  kefu adapt channel --help    渠道文件

退出码:
   0  完成
   1  convert --keep-going:有消息未能转换;detect:无法判断;channel test:有示例不符合预期
   2  达到上限
  65  消息已损坏,或与架构不符
  78  架构文件无法使用",
    ),
    (
        "kefu adapt convert",
        "按架构转换消息:Thrift、SOAP 与 JSON 互相转换

输入可以是一条或多条消息:JSON 可以是一个文档、每行一个文档或首尾相连的文档;Thrift 可以是带长度的帧或首尾相连的消息;
SOAP 可以是首尾相连的信封,或一个带附件的包。输入按流读取,内存中最多只有一条消息。输出 JSON 时每行一条消息。输出文件先写入另一个名字,全部转换完并落盘后才替换原文件;
出错时原文件保持不变。",
    ),
    (
        "kefu adapt convert (after)",
        "\
示例:
  # 首尾相连的二进制协议结构,转为每行一个 JSON
  kefu adapt convert orders.bin --idl shop.thrift --struct Order --protocol binary -o orders.ndjson

  # 再转回去,放入紧凑协议的帧
  kefu adapt convert orders.ndjson --idl shop.thrift --struct Order \\
      --protocol compact --transport framed -o orders.frames

  # 抓取到的服务消息;自动识别协议和传输
  kefu adapt convert calls.bin --idl shop.thrift --service Shop

  # 由参数生成一次调用
  echo '{\"id\":7}' | \\
      kefu adapt convert --idl shop.thrift --service Shop --method getOrder -o call.bin

  # 没有架构:字段编号和类型
  kefu adapt convert capture.bin --schema-less

  # 能转换多少就转换多少
  kefu adapt convert orders.ndjson --idl shop.thrift --struct Order -o orders.bin --keep-going

  # SOAP 消息,按正文判断操作
  kefu adapt convert captured.xml --wsdl tickets.wsdl

  # 由正文的 JSON 生成 SOAP 1.2 请求,密码在 KEFU_SOAP_PASSWORD 中
  kefu adapt convert ticket.json --wsdl tickets.wsdl --op CreateTicket --soap 1.2 \\
      --user desk --password-digest --timestamp 300 -o call.xml

  # SOAP 转为 Thrift:操作和故障对应服务的方法和异常
  kefu adapt convert captured.xml --wsdl tickets.wsdl --idl tickets.thrift --service Tickets -o calls.bin

完整消息的 JSON(使用 --method 或 --op 时只有其中的内容):
  {\"message\":\"call\",\"method\":\"getOrder\",\"sequence\":1,\"arguments\":{\"id\":7}}
  {\"message\":\"oneway\",\"method\":\"ping\",\"sequence\":2,\"arguments\":{}}
  {\"message\":\"reply\",\"method\":\"getOrder\",\"sequence\":1,\"result\":{\"id\":7}}
  {\"message\":\"reply\",\"method\":\"getOrder\",\"sequence\":1,\"result\":{\"$exception\":\"NotFound\"}}
  {\"message\":\"exception\",\"method\":\"getOrder\",\"sequence\":1,\"failure\":{\"type\":6,\"message\":\"why\"}}
多路复用的消息还有 \"service\";没有架构时内容为 \"fields\"。对于 SOAP,\"method\" 是操作,消息头是参数或结果中的
\"$headers\",故障是带 \"$fault\" 的结果。在 SOAP 与 Thrift 之间,只有一个部分的应答就是方法的返回值;结构是正文,或其唯一的部分。

退出码:
   0  所有消息均已转换
   1  使用 --keep-going 时:有消息未能转换,其余已转换
   2  达到上限
  65  消息已损坏,或与架构不符
  73  无法写入输出
  78  架构文件无法使用,或其中没有指定的结构、服务、方法或操作",
    ),
    ("kefu adapt convert <input>", "要转换的文件 [默认:标准输入]"),
    ("Conversion:", "转换"),
    ("kefu adapt convert --output", "写入此文件 [默认:标准输出]"),
    ("kefu adapt convert --from", "输入的格式 [默认:与 --to 相对的格式,或按内容判断]"),
    ("kefu adapt convert --to", "输出的格式 [默认:与输入相对的格式]"),
    ("kefu adapt convert --keep-going", "能转换的都转换,不能转换的报告到标准错误,并以退出码 1 结束"),
    ("kefu adapt convert --lines", "把每一行当作一条消息 [默认:JSON 的首行是完整消息时如此]"),
    ("Schema:", "架构"),
    ("kefu adapt convert --idl", "消息所遵循的接口文件"),
    ("kefu adapt convert --include", "也在此目录中查找被包含的文件;可多次指定"),
    ("kefu adapt convert --struct", "每条消息都是此结构、联合或异常,没有信封"),
    ("kefu adapt convert --service", "每条消息都是此服务的调用、应答或异常"),
    ("kefu adapt convert --method", "所有消息都属于此方法,JSON 只有其参数或结果"),
    ("kefu adapt convert --reply", "与 --method 同用,JSON 是该方法的结果"),
    ("kefu adapt convert --schema-less", "没有架构也转换:以编号表示字段,并带上类型"),
    ("SOAP:", "SOAP"),
    ("kefu adapt convert --wsdl", "消息所遵循的服务描述"),
    ("kefu adapt convert --op", "所有消息都属于此操作,JSON 只有正文 [默认:按正文判断]"),
    ("kefu adapt convert --side", "消息的方向 [默认:按正文判断;只由正文生成 SOAP 时为 request]"),
    ("kefu adapt convert --soap", "写出的 SOAP 版本 [默认:该操作所在端口的版本]"),
    ("kefu adapt convert --strict", "描述中没有、缺少或禁止的内容,本可照传的也拒绝"),
    ("kefu adapt convert --user", "按 WS-Security 在请求中写入此用户名及密码"),
    ("kefu adapt convert --password-file", "存放 --user 密码的文件 [默认:环境变量 KEFU_SOAP_PASSWORD]"),
    ("kefu adapt convert --password-digest", "写入摘要而不是密码本身"),
    ("kefu adapt convert --timestamp", "在请求中写入有效期:从现在起若干秒"),
    ("Thrift:", "Thrift"),
    ("kefu adapt convert --protocol", "Thrift 消息的协议 [默认:读取时按内容判断,写出时为 binary]"),
    ("kefu adapt convert --transport", "每条消息外面的传输 [默认:读取时按内容判断,写出时为 none]"),
    ("kefu adapt convert --zlib", "与 --transport header 同用,压缩写出的内容"),
    ("JSON:", "JSON"),
    ("kefu adapt convert --i64", "64 位整数在 JSON 中的写法;各种写法都能读取"),
    ("kefu adapt convert --fill-defaults", "缺少的字段以其默认值写出"),
    ("kefu adapt convert --unknown-fields", "如何处理架构中没有的字段"),
    (
        "kefu adapt convert --unknown-members",
        "如何处理架构中没有的 JSON 成员;`keep` 保留 `$unknown`,拒绝其他成员",
    ),
    ("Limits:", "上限"),
    ("kefu adapt convert --max-message", "拒绝超过此大小的消息,以及其中超过四分之一的文本"),
    ("kefu adapt convert --max-depth", "拒绝结构和容器嵌套更深的消息"),
    ("kefu adapt inspect", "列出接口文件或服务描述中的服务、操作和类型,并给出警告"),
    (
        "kefu adapt inspect (after)",
        "\
示例:
  kefu adapt inspect shop.thrift
  kefu adapt inspect shop.thrift -I ../shared --format json | jq '.schema.services'
  kefu adapt inspect tickets.wsdl

退出码:
   0  文件可用;可能有警告
  78  文件无法使用",
    ),
    ("kefu adapt inspect <file>", "Thrift 接口文件、服务描述(WSDL)或架构(XSD)"),
    ("kefu adapt inspect --include", "也在此目录中查找被包含的文件;可多次指定"),
    ("Result:", "结果"),
    ("kefu adapt inspect --format", "列表的格式;JSON 以 JSON Schema 描述类型"),
    ("kefu adapt wsdl", "用 WSDL 描述 Thrift 服务或桥接,使 SOAP 客户端可以调用"),
    (
        "kefu adapt wsdl (after)",
        "\
示例:
  kefu adapt wsdl tickets.thrift --service Tickets --address https://desk.example.com/soap/tickets \\
      -o tickets.wsdl
  kefu adapt wsdl bridge.yaml --endpoint tickets-soap --address https://bridge.example.com -o tickets.wsdl

对于桥接文件,输出面向 SOAP 调用方一侧的描述,其中的地址是桥接提供服务的地址,导入的文件也在该地址。每个方法是一个 document/literal 风格的操作,SOAP 1.1 和 SOAP 1.2 各有一个端口;异常就是故障。客户端按此写出的消息,可用
`kefu adapt convert --wsdl tickets.wsdl --idl tickets.thrift` 转为 Thrift。

退出码:
   0  已写出
   1  使用 --keep-going 时:有方法无法描述,其余已写出
  65  有方法无法描述:映射和列表的列表没有对应的形式
  73  无法写入输出
  78  文件无法使用,或其中没有指定的服务",
    ),
    ("kefu adapt wsdl <file>", "接口文件(例如 tickets.thrift)或桥接文件(例如 bridge.yaml)"),
    ("kefu adapt wsdl --include", "也在此目录中查找被包含的文件;可多次指定"),
    ("kefu adapt wsdl --service", "要描述的服务 [默认:文件中唯一的服务]"),
    ("kefu adapt wsdl --endpoint", "桥接文件中面向 SOAP 的桥接 [默认:唯一的一个]"),
    ("kefu adapt wsdl --address", "客户端调用它的地址;对于桥接,不含其路径"),
    ("kefu adapt wsdl --namespace", "其操作和类型的命名空间 [默认:urn: 加服务名]"),
    ("kefu adapt wsdl --keep-going", "略过无法描述的方法并予以说明,以退出码 1 结束"),
    ("kefu adapt wsdl --output", "写入此文件 [默认:标准输出]"),
    ("kefu adapt detect", "识别字节内容:协议、传输以及消息信封中的内容"),
    (
        "kefu adapt detect (after)",
        "\
示例:
  kefu adapt detect capture.bin
  head -c 4096 capture.bin | kefu adapt detect --format json

退出码:
  0  已识别
  1  无法判断",
    ),
    ("kefu adapt detect <input>", "要识别的文件 [默认:标准输入]"),
    ("kefu adapt detect --format", "结果的格式"),
    ("kefu adapt serve", "在 HTTP 上的 JSON、SOAP 与 Thrift 之间提供桥接服务"),
    (
        "kefu adapt serve (after)",
        "\
示例:
  kefu adapt serve bridge.yaml --check    检查文件及其引用的所有架构文件
  kefu adapt serve bridge.yaml
  kill -HUP <pid>                         重新读取文件,不丢失任何调用

退出码:69 地址被占用,78 文件或架构文件无法使用。",
    ),
    ("kefu adapt serve <file>", "描述桥接的文件"),
    ("kefu adapt serve --check", "检查文件及其引用的所有架构文件,列出操作后退出"),
    ("kefu adapt channel", "编写、检查和试用描述聊天渠道的文件"),
    (
        "kefu adapt channel (after)",
        "\
示例:
  # 没有现成文件的服务:从抓取的一条消息得到经过检查的文件
  kefu adapt channel new kik --from captured.json -o kik.yaml
  kefu adapt channel lint kik.yaml
  kefu adapt channel test kik.yaml

  # kefu 自带的渠道
  kefu adapt channel list
  kefu adapt channel new shop-wecom --like wecom-kf -o shop-wecom.yaml

退出码:
   0  完成
   1  test:有示例不符合预期;lint --strict:有建议
  65  new:无法根据样例生成;sign:无法为消息签名
  73  无法写入输出
  78  文件无法使用",
    ),
    ("kefu adapt channel list", "列出 kefu 自带的渠道"),
    ("kefu adapt channel new", "根据抓取的消息或自带的文件,生成渠道文件的草稿"),
    ("kefu adapt channel new <id>", "新渠道的名字:字母、数字、- 和 _"),
    ("Draft:", "草稿"),
    ("kefu adapt channel new --from", "抓取到的请求正文:JSON、XML 或表单;`-` 表示标准输入"),
    ("kefu adapt channel new --like", "以 kefu 自带的此渠道为起点"),
    ("kefu adapt channel new --output", "写入此文件,该文件必须尚不存在 [默认:标准输出]"),
    ("kefu adapt channel lint", "指出文件中的错误,以及可能遗漏的内容"),
    ("kefu adapt channel lint <files>", "文件,或 kefu 自带渠道的名字"),
    ("kefu adapt channel lint --strict", "有建议时以退出码 1 结束"),
    ("kefu adapt channel test", "执行文件中的示例"),
    ("kefu adapt channel test <files>", "文件,或 kefu 自带渠道的名字"),
    ("kefu adapt channel sign", "像渠道方那样生成加密并签名的请求,供 curl 使用"),
    (
        "kefu adapt channel sign (after)",
        "\
示例:
  # 得到一行命令,把消息发给自己的 kefu
  export KEFU_CHANNEL_WEBHOOK_KEY=whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw KEFU_CHANNEL_SEND_KEY=k
  kefu adapt channel sign webhook --values kik.env --body message.json --url http://127.0.0.1:8080/in/webhook

  # kik.env 每行一个值:密钥和设置,名字与文件中相同
  send_url=https://crm.example/chat",
    ),
    ("kefu adapt channel sign <file>", "文件,或 kefu 自带渠道的名字"),
    ("Request:", "请求"),
    ("kefu adapt channel sign --url", "请求要发往的地址"),
    ("kefu adapt channel sign --body", "请求的正文,加密之前的内容 [默认:标准输入;GET 没有正文]"),
    ("kefu adapt channel sign --get", "生成 GET 请求,例如用于校验地址"),
    ("kefu adapt channel sign --query", "地址中的参数,例如 `echostr=1`;可多次指定"),
    (
        "kefu adapt channel sign --values",
        "从此文件读取密钥和设置,每行为 NAME=VALUE [默认:环境变量 KEFU_CHANNEL_NAME]",
    ),
    ("kefu adapt channel sign --time", "按此时间签名,自 1970 年起的秒数 [默认:现在]"),
    ("kefu replay", "抓取、转换、查看、重放、镜像和比较 HTTP 流量"),
    (
        "kefu replay (after)",
        "\
示例:
  kefu replay capture -i old.pcapng --port 8080 -o old.gor.gz
  kefu replay inspect old.gor.gz
  kefu replay convert old.gor.gz -o old.har
  kefu replay run old.gor.gz --target http://127.0.0.1:8081
  kefu replay diff old.gor.gz --candidate http://127.0.0.1:8081

退出码:
   0  完成
   1  部分输入已损坏或被截断;能读取的内容都已处理
  65  输入既不是 .gor,也不是 pcap 或 pcapng
  73  无法写入输出,或输出文件已存在",
    ),
    (
        "kefu replay capture",
        "从网络接口或抓取的数据包中提取 HTTP 消息

监听网络接口,或读取 pcap 和 pcapng(也可经 gzip 压缩),按线上原样写出请求和响应。丢失、重复、乱序的报文段会尽可能还原;
未抓到的报文段只影响它所涉及的消息,报告会说明数量。凭据和个人号码会被替换。",
    ),
    (
        "kefu replay capture (after)",
        "\
示例:
  # 实时抓取一个服务的请求和响应,持续十分钟
  kefu replay capture --interface eth0 --port 8080 --exit-after 10m -o old.gor.gz

  # 从 tcpdump 写出的数据包中提取一个服务的请求和响应
  kefu replay capture -i old.pcap --port 8080 -o old.gor

  # 多个压缩文件;只要请求
  kefu replay capture -i 'dumps/*.pcapng.gz' --port 80,8080 --no-responses -o old.gor.gz

  # 用 jq 查看
  kefu replay capture -i old.pcap --to ndjson | jq .target

替换后的内容长度不变(压缩的正文除外),消息仍然完好:凭据和 Cookie 的值换成字母,相同的值换成相同的字母;数字换成 9。
每条消息的替换次数以 `redacted=N` 写入其记录。压缩的正文会解开检查;无法解开的整体替换,报告会给出其数量。

监听需要 libpcap 和权能 CAP_NET_RAW:`sudo setcap cap_net_raw+ep /usr/bin/kefu`。来不及取走而被内核丢弃的数据包会写在报告里。
被中断时,会写完所有内容再退出。

退出码:
   0  完成
   1  部分输入已损坏或被截断,或内核丢弃了数据包;能读取的内容都已处理
  65  输入既不是 pcap,也不是 pcapng
  69  没有 libpcap、没有该网络接口,或没有监听的权限
  73  无法写入输出,或输出文件已存在",
    ),
    ("Capture:", "抓取"),
    ("kefu replay capture --input", "从此文件或符合通配符的文件读取数据包;可多次指定"),
    ("Interfaces:", "网络接口"),
    ("kefu replay capture --interface", "监听此网络接口,或 `any`;可多次指定"),
    ("kefu replay capture --bpf", "以 tcpdump 的表达式代替端口来筛选"),
    ("kefu replay capture --snaplen", "每个数据包最多取这么多字节"),
    ("kefu replay capture --ring", "每个网络接口在内核中最多缓存这么多,直到被取走"),
    ("kefu replay capture --promisc", "也接收发给其他主机的数据包"),
    ("kefu replay capture --exit-after", "经过此时间后结束"),
    ("kefu replay capture --stats", "每隔此时间打印计数;0s 表示不打印"),
    ("Filters:", "过滤"),
    ("Changes:", "改写"),
    ("Packets:", "数据包"),
    ("kefu replay capture --port", "只取发往这些端口的连接 [默认:全部]"),
    ("kefu replay capture --max-message", "略过更大的消息"),
    ("kefu replay capture --max-memory", "进行中的连接最多占用这么多内存;放不下的计为丢失"),
    ("kefu replay capture --no-responses", "不写出响应"),
    ("kefu replay capture --redact", "替换写出内容中的这些信息;`off` 表示不替换"),
    ("kefu replay capture --only-method", "只取这些方法的请求"),
    ("kefu replay capture --only-url", "只取路径和查询与其中之一匹配的请求"),
    ("kefu replay capture --not-url", "略过路径和查询匹配的请求"),
    ("kefu replay capture --only-host", "只取主机与其中之一匹配的请求"),
    ("kefu replay capture --not-host", "略过主机匹配的请求"),
    ("kefu replay capture --only-header", "只取带有此头且其值匹配的请求;指定多个时须全部满足"),
    ("kefu replay capture --not-header", "略过带有此头且其值匹配的请求"),
    ("kefu replay capture --sample", "抽取一部分请求,可按头或查询参数的值划分,每次结果相同"),
    ("kefu replay capture --where", "只取此表达式成立的请求,语法与渠道文件相同"),
    ("kefu replay capture --set-header", "用此头替换同名的头,没有则添加;可多次指定"),
    ("kefu replay capture --set-param", "设置查询参数,替换同名的参数"),
    ("kefu replay capture --rewrite-url", "替换路径和查询中匹配的部分,只用第一条匹配的规则;`$1` 表示分组"),
    ("kefu replay capture --rewrite-host", "替换主机中匹配的部分"),
    ("kefu replay capture --rewrite-header", "替换头中匹配的部分"),
    ("kefu replay capture --set", "把 target、path、body、param.NAME 或 header.NAME 设为表达式的值"),
    ("kefu replay capture --middleware", "让消息先经过此程序,采用 goreplay 的协议"),
    ("Output:", "输出"),
    ("kefu replay capture --output", "写入此文件,只有其所有者可以读取 [默认:标准输出]"),
    ("kefu replay capture --to", "写出的格式 [默认:由文件名决定,否则为 gor]"),
    ("kefu replay capture --replace", "覆盖已存在的文件"),
    ("kefu replay capture --format", "报告的格式;记录写到标准输出时,报告写到标准错误"),
    (
        "kefu replay convert",
        "把录制的流量从一种格式转换为另一种

多个 .gor 文件按时间顺序合为一个。数据包的读取方式与 `kefu replay capture` 相同。",
    ),
    (
        "kefu replay convert (after)",
        "\
示例:
  # 把 goreplay 的多个文件按时间顺序合为一个
  kefu replay convert 'requests_*.gor' -o requests.gor.gz

  # 供浏览器的网络面板查看
  kefu replay convert old.gor -o old.har

退出码:
   0  完成
   1  部分输入已损坏或被截断;能读取的内容都已处理
  65  输入既不是 .gor,也不是 pcap 或 pcapng
  73  无法写入输出,或输出文件已存在",
    ),
    ("kefu replay convert <input>", "要读取的文件,或符合它们的通配符"),
    ("kefu replay convert --port", "读取数据包时,只取发往这些端口的连接 [默认:全部]"),
    ("kefu replay convert --max-message", "略过更大的消息"),
    ("kefu replay convert --max-memory", "进行中的连接最多占用这么多内存;放不下的计为丢失"),
    ("kefu replay convert --redact", "替换消息中的这些内容;`off` 表示不替换"),
    ("kefu replay convert --only-method", "只取这些方法的请求"),
    ("kefu replay convert --only-url", "只取路径和查询与其中之一匹配的请求"),
    ("kefu replay convert --not-url", "略过路径和查询匹配的请求"),
    ("kefu replay convert --only-host", "只取主机与其中之一匹配的请求"),
    ("kefu replay convert --not-host", "略过主机匹配的请求"),
    ("kefu replay convert --only-header", "只取带有此头且其值匹配的请求;指定多个时须全部满足"),
    ("kefu replay convert --not-header", "略过带有此头且其值匹配的请求"),
    ("kefu replay convert --sample", "抽取一部分请求,可按头或查询参数的值划分,每次结果相同"),
    ("kefu replay convert --where", "只取此表达式成立的请求,语法与渠道文件相同"),
    ("kefu replay convert --set-header", "用此头替换同名的头,没有则添加;可多次指定"),
    ("kefu replay convert --set-param", "设置查询参数,替换同名的参数"),
    ("kefu replay convert --rewrite-url", "替换路径和查询中匹配的部分,只用第一条匹配的规则;`$1` 表示分组"),
    ("kefu replay convert --rewrite-host", "替换主机中匹配的部分"),
    ("kefu replay convert --rewrite-header", "替换头中匹配的部分"),
    ("kefu replay convert --set", "把 target、path、body、param.NAME 或 header.NAME 设为表达式的值"),
    ("kefu replay convert --middleware", "让消息先经过此程序,采用 goreplay 的协议"),
    ("kefu replay convert --output", "写入此文件,只有其所有者可以读取 [默认:标准输出]"),
    ("kefu replay convert --to", "写出的格式 [默认:由文件名决定,否则为 gor]"),
    ("kefu replay convert --replace", "覆盖已存在的文件"),
    ("kefu replay convert --format", "报告的格式;记录写到标准输出时,报告写到标准错误"),
    ("kefu replay inspect", "统计录制的流量:消息、端点、速率、错误和时间线"),
    (
        "kefu replay inspect (after)",
        "\
示例:
  kefu replay inspect old.gor
  kefu replay inspect old.pcap --port 8080 --format json | jq '.requests, .responses'

退出码:
   0  完成
   1  部分输入已损坏或被截断;其余已统计
  65  输入既不是 .gor,也不是 pcap 或 pcapng",
    ),
    ("kefu replay inspect <input>", "要读取的文件,或符合它们的通配符"),
    ("kefu replay inspect --port", "读取数据包时,只取发往这些端口的连接 [默认:全部]"),
    ("kefu replay inspect --max-message", "略过更大的消息"),
    ("kefu replay inspect --max-memory", "进行中的连接最多占用这么多内存;放不下的计为丢失"),
    ("kefu replay inspect --top", "显示这么多个端点"),
    ("kefu replay inspect --format", "结果的格式"),
    ("kefu replay run", "把录制的请求按其时间发送给服务器"),
    (
        "kefu replay run (after)",
        "\
示例:
  # 按原来的节奏,发送给本机上的副本
  kefu replay run old.gor --target http://127.0.0.1:8081

  # 两倍速度,包括有副作用的请求,并保存应答
  kefu replay run 'old-*.gor.gz' --target http://127.0.0.1:8081 --speed 2x --unsafe-methods -o answers.gor

  # 不管录制的节奏,每秒 500 个请求,在半分钟内逐渐达到
  kefu replay run old.gor --target http://staging:8080 --allow-host staging --rate 500 --ramp 30s

每个请求都在录制所定的时刻发送,不等之前的请求得到应答;同一条录制连接的请求在同一条连接上依次发送。
除要求改写的内容和头 X-Kefu-Replay 之外,发送的字节就是录制的字节;抓取时据此头认出自己的重放。延迟从应当发送的时刻算起。
WebSocket 会话按录制的消息间隔发送(使用速率或翻译时除外);隧道会略过。

退出码:
   0  发送的请求都得到了应答,WebSocket 消息都已发送
   2  有的没有
   3  部分输入已损坏或被截断
   4  目标不是本机,且未被允许
  65  输入既不是 .gor,也不是 pcap 或 pcapng
  73  无法写入输出,或输出文件已存在",
    ),
    ("kefu replay run <input>", "要读取的文件,或符合它们的通配符"),
    ("kefu replay run --target", "发送给此服务器"),
    ("kefu replay run --allow-host", "也允许发送给此主机,它不是本机;可多次指定"),
    ("kefu replay run --ca-file", "对 https:// 的服务器,也信任此文件(PEM)中的证书"),
    ("kefu replay run --unsafe-methods", "也发送 GET、HEAD、OPTIONS 以外的方法"),
    ("kefu replay run --dry-run", "全部读取,但不发送"),
    ("Pace:", "节奏"),
    ("kefu replay run --speed", "以录制速度的若干倍发送,或 `max` 表示尽快"),
    ("kefu replay run --rate", "改为每秒发送这么多个请求"),
    ("kefu replay run --ramp", "在这段时间内逐渐达到该速率"),
    ("kefu replay run --loop", "全部发送这么多遍"),
    ("kefu replay run --connections", "最多使用这么多条连接"),
    ("kefu replay run --timeout", "超过此时间便放弃一个请求"),
    ("kefu replay run --only-method", "只取这些方法的请求"),
    ("kefu replay run --only-url", "只取路径和查询与其中之一匹配的请求"),
    ("kefu replay run --not-url", "略过路径和查询匹配的请求"),
    ("kefu replay run --only-host", "只取主机与其中之一匹配的请求"),
    ("kefu replay run --not-host", "略过主机匹配的请求"),
    ("kefu replay run --only-header", "只取带有此头且其值匹配的请求;指定多个时须全部满足"),
    ("kefu replay run --not-header", "略过带有此头且其值匹配的请求"),
    ("kefu replay run --sample", "抽取一部分请求,可按头或查询参数的值划分,每次结果相同"),
    ("kefu replay run --where", "只取此表达式成立的请求,语法与渠道文件相同"),
    ("kefu replay run --set-header", "用此头替换同名的头,没有则添加;可多次指定"),
    ("kefu replay run --set-param", "设置查询参数,替换同名的参数"),
    ("kefu replay run --rewrite-url", "替换路径和查询中匹配的部分,只用第一条匹配的规则;`$1` 表示分组"),
    ("kefu replay run --rewrite-host", "替换主机中匹配的部分"),
    ("kefu replay run --rewrite-header", "替换头中匹配的部分"),
    ("kefu replay run --set", "把 target、path、body、param.NAME 或 header.NAME 设为表达式的值"),
    ("kefu replay run --middleware", "让消息先经过此程序,采用 goreplay 的协议"),
    ("kefu replay run --no-mark", "不加 X-Kefu-Replay 头"),
    ("kefu replay run --translate", "按此 YAML 文件或自带的 `gofly`,把请求翻译给目标,并把其应答翻译回来"),
    ("kefu replay run --setting", "给翻译中的一个设置赋值,可多次指定;也可写作 NAME=@FILE(取文件内容),或用他人看不到的环境变量 KEFU_SETTING_NAME"),
    ("kefu replay run --max-message", "略过更大的消息"),
    ("kefu replay run --max-memory", "读取数据包时,进行中的连接最多占用这么多内存;放不下的计为丢失"),
    ("kefu replay run --output", "把应答写入此 .gor 文件,只有其所有者可以读取"),
    ("kefu replay run --replace", "覆盖已存在的文件"),
    ("kefu replay run --format", "报告的格式"),
    (
        "kefu replay gor",
        "执行 goreplay 的命令行

其选项(一个或两个短横线)含义不变;不支持的选项会报错,并说明可用的替代。输入结束时即退出。",
    ),
    (
        "kefu replay gor (after)",
        "\
示例:
  kefu replay gor --input-raw :8080 --input-raw-track-response --output-file requests.gor
  kefu replay gor --input-file 'requests_*.gor|200%' --output-http 'http://127.0.0.1:8081|50%'
  kefu replay gor --input-raw :8080 --output-http http://127.0.0.1:8081 --http-disallow-url ^/admin

退出码:
   0  完成
   2  有的请求没有应答
   4  抓取的正是所发送的
  64  选项未知或不支持;会说明替代办法
  69  没有某个输入或输出",
    ),
    (
        "kefu replay gor <flags>",
        "goreplay 的选项:--input-file、--input-raw、--input-tcp、--output-file、--output-http、--http-allow-url、--middleware …",
    ),
    (
        "kefu replay diff",
        "比较两个系统对同样请求的应答

比较状态码、头、按路径展开的 JSON,其他正文按长度和散列比较。旧系统两次应答之间的差异就是噪声;
超出噪声的差异按端点和字段报告。",
    ),
    (
        "kefu replay diff (after)",
        "\
示例:
  # 用两台旧版本的服务器得知应答自身的差异,再与新版本比较
  kefu replay diff old.gor --primary http://127.0.0.1:8081 --secondary http://127.0.0.1:8082 \\
      --candidate http://127.0.0.1:9090 --rules diff.yaml

  # 录制的应答与新版本现在的应答比较,供构建服务器使用
  kefu replay diff old.gor --candidate http://127.0.0.1:9090 --format junit --report diff.html > diff.xml

  # 比较两次重放保存的应答,不需要服务器
  kefu replay diff old.gor --primary answers-1.gor --candidate answers-2.gor

一个字段在 primary 与 candidate 之间的差异多于 primary 与 secondary 之间的差异时,才算不同。没有 secondary 时,
凡规则未排除的差异都算。每个端点的每个字段保留少量示例,其中的机密和个人号码会被替换。

退出码:
   0  没有超出噪声的差异,或不超过 --threshold
   1  差异更多
   2  有的请求没有可比较的应答,或什么也没有比较
   3  部分输入已损坏或被截断
   4  目标不是本机,且未被允许
  65  输入既不是 .gor,也不是 pcap 或 pcapng
  78  规则文件有误",
    ),
    ("kefu replay diff <input>", "要读取的请求文件,或符合它们的通配符"),
    ("kefu replay diff --port", "读取数据包时,只取发往这些端口的连接 [默认:全部]"),
    ("kefu replay diff --max-message", "略过更大的消息"),
    ("kefu replay diff --max-memory", "读取数据包时,进行中的连接最多占用这么多内存;放不下的计为丢失"),
    ("Answers:", "应答"),
    ("kefu replay diff --primary", "旧系统的应答取自此服务器或 .gor 文件 [默认:输入中录制的应答]"),
    ("kefu replay diff --secondary", "再从这里取一次旧系统的应答:自身的差异就是噪声"),
    ("kefu replay diff --candidate", "新系统的应答取自此服务器或 .gor 文件"),
    ("kefu replay diff --allow-host", "也允许发送给此主机,它不是本机;可多次指定"),
    ("kefu replay diff --ca-file", "对 https:// 的服务器,也信任此文件(PEM)中的证书"),
    ("kefu replay diff --unsafe-methods", "也发送 GET、HEAD、OPTIONS 以外的方法"),
    ("kefu replay diff --connections", "对每台服务器最多使用这么多条连接"),
    ("kefu replay diff --timeout", "超过此时间便放弃一个请求"),
    ("Translation:", "翻译"),
    ("kefu replay diff --translate", "按此 YAML 文件或自带的 `gofly`,把请求翻译给新系统,并把其应答翻译回来"),
    ("kefu replay diff --setting", "给翻译中的一个设置赋值,可多次指定;也可写作 NAME=@FILE(取文件内容),或用他人看不到的环境变量 KEFU_SETTING_NAME"),
    ("Comparison:", "比较"),
    ("kefu replay diff --sample", "只比较这一比例的录制连接"),
    ("kefu replay diff --rules", "从此 YAML 文件读取:哪些不比较,哪些视为相等"),
    ("kefu replay diff --examples", "每个端点的每个字段保留这么多示例"),
    ("kefu replay diff --threshold", "允许这一比例的应答不同"),
    ("kefu replay diff --format", "报告的格式"),
    (
        "kefu replay diff --report",
        "同时写入此文件,格式由文件名决定:JSON、JUnit(.xml)、HTML 或 Markdown(.md);可多次指定",
    ),
    (
        "kefu replay mirror",
        "把请求交给旧系统,并把每个请求的副本交给新系统

这是旧系统前面的代理:客户端立即、逐字节地得到旧系统的应答;新系统从队列中得到同样的请求,它卡住或崩溃都不会
拖慢任何人。两边的应答可以同时比较,往来内容也可以保存。",
    ),
    (
        "kefu replay mirror (after)",
        "\
示例:
  # 客户端访问 8080 端口;由 8081 的旧系统应答,9090 的新系统得到副本
  kefu replay mirror --listen 127.0.0.1:8080 --upstream http://127.0.0.1:8081 --shadow http://127.0.0.1:9090

  # 同时比较应答,并把两边都保存到文件
  kefu replay mirror --listen 127.0.0.1:8080 --upstream http://127.0.0.1:8081 --shadow http://127.0.0.1:9090 \\
      --diff --rules diff.yaml --report diff.html -o mirrored.gor.gz

  # 不在中间:复制网络接口上经过的流量
  kefu replay mirror --interface eth0 --port 8080 --shadow http://127.0.0.1:9090 --diff

客户端与旧系统之间的一切都立即逐字节通过:耗时很长的应答、WebSocket 消息和升级后的其他协议,以及 TCP 上的任何内容。
影子从队列中得到完整的请求,并为旧系统同意的每个 WebSocket 建立自己的会话;队列满时丢弃并计数。它从不拖慢
其他任何一方。

SIGTERM 或 Ctrl-C 结束镜像:不再接受新连接,已打开的连接可以完成,然后给出报告。

退出码:
   0  已结束,没有使用 --diff 或没有超出噪声的差异
   1  使用 --diff 时:差异超过 --threshold
   4  影子不是本机,且未被允许
  69  监听地址已被占用,或无法抓取网络接口
  73  无法写入输出,或输出文件已存在
  78  规则文件有误",
    ),
    ("Proxy:", "代理"),
    ("kefu replay mirror --listen", "监听此地址"),
    ("kefu replay mirror --upstream", "由此服务器应答"),
    ("kefu replay mirror --interface", "不作代理,而是监听此网络接口,或 `any`;可多次指定"),
    ("kefu replay mirror --bpf", "以 tcpdump 的表达式代替端口来筛选"),
    ("kefu replay mirror --snaplen", "每个数据包最多取这么多字节"),
    ("kefu replay mirror --ring", "每个网络接口在内核中最多缓存这么多,直到被取走"),
    ("kefu replay mirror --promisc", "也接收发给其他主机的数据包"),
    ("kefu replay mirror --exit-after", "经过此时间后结束"),
    ("kefu replay mirror --stats", "每隔此时间打印计数;0s 表示不打印"),
    ("kefu replay mirror --port", "只取发往这些端口的连接 [默认:全部]"),
    ("kefu replay mirror --max-connections", "同时最多接受这么多条连接"),
    ("kefu replay mirror --drain", "结束时,给未完成的连接和影子的队列这么长时间"),
    ("Shadow:", "影子"),
    ("kefu replay mirror --shadow", "把每个请求的副本发送给此服务器"),
    ("kefu replay mirror --sample", "只发送这一比例"),
    ("kefu replay mirror --queue", "最多有这么多请求等待影子或正由它应答"),
    ("kefu replay mirror --allow-host", "也允许发送给此主机,它不是本机;可多次指定"),
    ("kefu replay mirror --ca-file", "对 https:// 的服务器,也信任此文件(PEM)中的证书"),
    ("kefu replay mirror --unsafe-methods", "也发送 GET、HEAD、OPTIONS 以外的方法"),
    ("kefu replay mirror --connections", "对每台服务器最多使用这么多条连接"),
    ("kefu replay mirror --timeout", "超过此时间便放弃一个请求"),
    ("kefu replay mirror --translate", "按此 YAML 文件或自带的 `gofly`,把请求翻译给影子,并把其应答翻译回来"),
    ("kefu replay mirror --setting", "给翻译中的一个设置赋值,可多次指定;也可写作 NAME=@FILE(取文件内容),或用他人看不到的环境变量 KEFU_SETTING_NAME"),
    ("kefu replay mirror --diff", "把影子的应答与旧系统的比较"),
    ("kefu replay mirror --rules", "从此 YAML 文件读取:哪些不比较,哪些视为相等"),
    ("kefu replay mirror --examples", "每个端点的每个字段保留这么多示例"),
    ("kefu replay mirror --threshold", "允许这一比例的应答不同"),
    ("kefu replay mirror --format", "报告的格式"),
    (
        "kefu replay mirror --report",
        "同时写入此文件,格式由文件名决定:JSON、JUnit(.xml)、HTML 或 Markdown(.md);可多次指定",
    ),
    ("kefu replay mirror --output", "把请求和应答写入此 .gor 文件,只有其所有者可以读取"),
    ("kefu replay mirror --replace", "覆盖已存在的文件"),
    ("kefu replay mirror --redact", "替换写出内容中的这些信息;`off` 表示不替换"),
    ("kefu replay mirror --max-message", "略过更大的消息"),
    ("kefu replay mirror --max-memory", "进行中的消息最多占用这么多内存;放不下的计为丢失"),
    (
        "kefu adapt channel mock",
        "扮演渠道方:接收 kefu 发出的请求并作答,把这里输入的内容推送给 kefu

推送的请求和给出的应答都取自文件中的示例。标准输入的每一行是一条客户消息;往来内容写到标准输出。",
    ),
    (
        "kefu adapt channel mock (after)",
        "\
示例:
  # 写出一份请求都指向模拟渠道的文件,供 kefu 使用
  kefu adapt channel mock feishu --values feishu.env --write-file local.yaml \\
      --to http://127.0.0.1:8080/channels/feishu

  # 先推送文件中的两个示例,再推送一条客户消息
  echo 你好 | kefu adapt channel mock kik.yaml --values kik.env --to http://127.0.0.1:8080/… \\
      --deliver 'a text' --deliver 'a picture'

写出的文件多一个设置 `mock_url`,取值是模拟渠道打印出的地址。

退出码:
   0  已停止
  65  文件中没有可用来生成消息的示例,或无法签名
  69  地址被占用
  73  无法写出文件
  78  文件无法使用",
    ),
    ("kefu adapt channel mock <file>", "文件,或 kefu 自带渠道的名字"),
    ("kefu adapt channel mock --listen", "kefu 访问模拟渠道的地址"),
    ("kefu adapt channel mock --to", "kefu 接收渠道方请求的地址"),
    ("kefu adapt channel mock --deliver", "启动时推送文件中的此示例;可多次指定"),
    (
        "kefu adapt channel mock --values",
        "从此文件读取密钥和设置,每行为 NAME=VALUE [默认:环境变量 KEFU_CHANNEL_NAME]",
    ),
    ("kefu adapt channel mock --write-file", "为 kefu 写出一份请求都指向模拟渠道的文件"),
    ("kefu migrate", "把旧系统的记录迁移过来,并证明没有遗漏"),
    (
        "kefu migrate (after)",
        "\
示例:
  # 旧系统里有什么,会变成什么?
  OLD_MYSQL_URL=mysql://reader:secret@10.0.0.5/gofly kefu migrate plan -f migrate.yaml

  # 迁移;无论因何停止,再次执行同一命令即可继续
  kefu migrate run -f migrate.yaml

  # 同上,之后源端的每处变更随即迁移过来
  kefu migrate run -f migrate.yaml --follow

  # 进展如何?在另一个终端中查看
  kefu migrate status -f migrate.yaml --watch

  # 是否全部到齐且一致?
  kefu migrate verify -f migrate.yaml

  # 修复不一致的行,并保留一份报告
  kefu migrate verify -f migrate.yaml --repair --report verify.html

  # 让它取代旧系统
  kefu migrate cutover -f migrate.yaml --fence 'systemctl stop old-chat'

  # 切换之后让旧系统保持最新,以便回退;以及关闭回退之路
  kefu migrate flow-back -f migrate.yaml
  kefu migrate finalize -f migrate.yaml

  # 哪些行无法使用,为什么;排除原因后再试
  kefu migrate dead-letter list -f migrate.yaml
  kefu migrate dead-letter retry -f migrate.yaml

文件格式见 docs/migrate.md。

退出码:
   0  完成;plan:可以执行;verify:两边一致
   3  来源被拒绝:与上次运行的不是同一个,缺少表或列,或其变更无法(再)跟随
   4  verify:有行不一致;run、retry:有行成为死信
   5  run:无法使用的行超过 `rules.max_bad_rows`
   6  cutover:时机未到;会指出缺少什么
  65  转储已损坏;会指出字节位置
  69  来源无应答
  75  数据库正被使用
  78  文件无法使用
 130  被用户停止;会打印继续执行的命令",
    ),
    ("kefu migrate plan", "查看来源,说明将迁移什么;不写入任何数据"),
    ("kefu migrate plan --file", "说明迁移内容的文件"),
    ("kefu migrate plan --format", "以 Markdown、JSON 或 HTML 输出"),
    ("kefu migrate run", "迁移记录;从上次停止之处继续"),
    ("kefu migrate run --file", "说明迁移内容的文件"),
    ("kefu migrate run --format", "以 Markdown、JSON 或 HTML 输出结果"),
    ("kefu migrate run --report", "同时写入此文件,按扩展名为 HTML、JSON 或 Markdown"),
    ("kefu migrate run --accept-change", "即使映射与之前不同也继续:相应的表会重新读取"),
    ("kefu migrate run --follow", "复制之后,持续迁移产生的变更,直到被停止"),
    ("kefu migrate run --skip-corrupt-tail", "转储损坏时读到损坏处为止:其后的内容会被略过并说明"),
    ("kefu migrate run --recopy", "从现在起跟随,并重新读取所有表,不论之前进展如何"),
    ("kefu migrate status", "说明进展,无论是否正在运行"),
    ("kefu migrate status --file", "说明迁移内容的文件"),
    ("kefu migrate status --format", "以 Markdown、JSON 或 HTML 输出"),
    ("kefu migrate status --watch", "每秒输出一次,直到全部完成"),
    ("kefu migrate verify", "重新读取两边,逐行比较"),
    ("kefu migrate verify --file", "说明迁移内容的文件"),
    ("kefu migrate verify --tables", "只比较这些表"),
    ("kefu migrate verify --repair", "重新迁移不一致或缺少的行;期间数据库不得被使用"),
    ("kefu migrate verify --skip-corrupt-tail", "转储损坏时读到损坏处为止,与 `run` 的要求一致"),
    ("kefu migrate verify --fresh", "从头开始,即使之前的比较中途停止"),
    ("kefu migrate verify --retry-after", "等待这么久后,再次查看服务器上不一致的行"),
    ("kefu migrate verify --format", "以 Markdown、JSON 或 HTML 输出结果"),
    ("kefu migrate verify --report", "同时写入此文件,按扩展名为 HTML、JSON 或 Markdown"),
    ("kefu migrate cutover", "让此处的数据取代旧系统:一次完成禁止写入、迁移最后的变更与比较"),
    ("kefu migrate cutover --file", "说明迁移内容的文件"),
    ("kefu migrate cutover --inbox", "只切换这个收件箱;不写则切换其余全部"),
    ("kefu migrate cutover --fence", "让旧系统停止写入的命令;可能执行多次"),
    ("kefu migrate cutover --unfence", "若切换在禁止写入之后失败,让旧系统恢复写入的命令"),
    ("kefu migrate cutover --read-only", "在所有来源的服务器上执行 `SET GLOBAL read_only`,需要相应权限"),
    ("kefu migrate cutover --max-lag", "落后少于此时间时才禁止写入"),
    ("kefu migrate cutover --verified-within", "两边须在此时间内比较过且一致"),
    ("kefu migrate cutover --fence-timeout", "禁止写入的命令须在此时间内结束"),
    ("kefu migrate cutover --accept-dead-letters", "即使有死信也继续"),
    ("kefu migrate cutover --format", "以 Markdown 或 JSON 输出结果"),
    ("kefu migrate rollback", "让旧系统重新作准"),
    ("kefu migrate rollback --file", "说明迁移内容的文件"),
    ("kefu migrate rollback --unfence", "让旧系统恢复写入的命令"),
    ("kefu migrate rollback --read-only", "在所有来源的服务器上取消 `read_only`"),
    ("kefu migrate rollback --fence-timeout", "该命令须在此时间内结束"),
    ("kefu migrate rollback --format", "以 Markdown 或 JSON 输出结果"),
    ("kefu migrate flow-back", "让此处自切换以来写入的内容回流到旧系统,直到被停止"),
    ("kefu migrate flow-back --file", "说明迁移内容的文件"),
    ("kefu migrate flow-back --once", "当前内容全部写入旧系统后即结束"),
    ("kefu migrate flow-back --format", "以 Markdown 或 JSON 输出结果"),
    ("kefu migrate finalize", "关闭回退之路:不再向旧系统回流"),
    ("kefu migrate finalize --file", "说明迁移内容的文件"),
    ("kefu migrate finalize --without-source", "不再写入旧系统的剩余内容:旧系统已不存在"),
    ("kefu migrate finalize --format", "以 Markdown 或 JSON 输出结果"),
    ("kefu migrate dead-letter", "列出无法使用的行,或重试"),
    ("kefu migrate dead-letter list", "逐行以 JSON 列出,每个键只列最后一次的结论"),
    ("kefu migrate dead-letter list --file", "说明迁移内容的文件"),
    ("kefu migrate dead-letter retry", "重新读取这些行,迁移现在可用的部分"),
    ("kefu migrate dead-letter retry --file", "说明迁移内容的文件"),
    ("kefu migrate dead-letter retry --format", "以 Markdown、JSON 或 HTML 输出结果"),
];
