//! The sample data: an invented shop, its two agents, and what people ask them.

/// An agent of the demo.
#[derive(Clone, Copy)]
pub(super) struct SampleAgent {
    pub(super) email: &'static str,
    pub(super) name: &'static str,
    pub(super) is_admin: bool,
}

/// An inbox of the demo.
pub(super) struct SampleInbox {
    pub(super) slug: &'static str,
    pub(super) name: &'static str,
    pub(super) greeting: &'static str,
}

/// A conversation of the demo.
pub(super) struct Sample {
    pub(super) inbox: &'static str,
    pub(super) external_id: &'static str,
    pub(super) name: &'static str,
    pub(super) email: &'static str,
    /// A JSON object.
    pub(super) attributes: &'static str,
    pub(super) lines: &'static [Line],
    pub(super) end: End,
}

/// One message; agents by their place in [`AGENTS`].
pub(super) enum Line {
    Visitor(&'static str),
    Agent(usize, &'static str),
    Note(usize, &'static str),
}

/// How a conversation stands at the end.
pub(super) enum End {
    /// Nobody has answered.
    Waiting,
    /// Its agent is at it.
    Open,
    /// Set aside by this agent.
    Pending(usize),
    /// Ended by this agent, and perhaps rated.
    Resolved(usize, Option<(u8, &'static str)>),
}

const LIN: usize = 0;
const ALEX: usize = 1;

pub(super) const AGENTS: [SampleAgent; 2] = [
    SampleAgent { email: "lin@demo.kefu.invalid", name: "林晓", is_admin: true },
    SampleAgent { email: "alex@demo.kefu.invalid", name: "Alex Morgan", is_admin: false },
];

pub(super) const INBOXES: [SampleInbox; 2] = [
    SampleInbox {
        slug: "web",
        name: "灯与松",
        greeting: "您好,这里是灯与松客服。订单、退换货或商品问题,请直接留言。",
    },
    SampleInbox {
        slug: "shop-en",
        name: "Lantern & Pine",
        greeting: "Hello from Lantern & Pine. Ask us about an order, a return or anything in the shop.",
    },
];

use End::{Open, Pending, Resolved, Waiting};
use Line::{Agent, Note, Visitor};

/// In the order in which they happened.
pub(super) const SAMPLES: &[Sample] = &[
    Sample {
        inbox: "web",
        external_id: "demo-1001",
        name: "陈雨桐",
        email: "chen.yutong@example.com",
        attributes: r#"{"order":"LP-20418","city":"杭州","member":"金卡"}"#,
        lines: &[
            Visitor("你好,我上周买的光环台灯,第三档亮度打开会一直闪,换了插座也一样。"),
            Agent(LIN, "您好,给您添麻烦了。请问另外两档正常吗?方便的话报一下订单号,我先帮您查保修。"),
            Visitor("前两档都正常,订单号 LP-20418。"),
            Note(LIN, "同批次本月第三例第三档闪烁,已反馈品控。按换新处理,不用寄回检测。"),
            Agent(
                LIN,
                "查到了,在保修期内。这一批的驱动板有个别问题,我直接给您换一台新的,旧灯等新灯到了再由快递员取走,运费我们承担。",
            ),
            Visitor("这么快!那太好了,地址还是原来的。"),
            Agent(LIN, "好的,今天 16:00 前发出,单号会发到您手机上。还有别的可以帮您吗?"),
            Visitor("没有了,谢谢林晓。"),
        ],
        end: Resolved(LIN, Some((5, "换货很干脆,不用来回解释,好评"))),
    },
    Sample {
        inbox: "shop-en",
        external_id: "demo-2001",
        name: "Hannah Brandt",
        email: "hannah.brandt@example.com",
        attributes: r#"{"order":"LP-20377","country":"DE"}"#,
        lines: &[
            Visitor(
                "Hi! I'd like to return the wool throw. It's lovely but the grey is much bluer than on the page.",
            ),
            Agent(
                ALEX,
                "Hi Hannah, no problem at all. You have 30 days and we are on day 9. Is the band with the label still on it?",
            ),
            Visitor("Yes, I only unfolded it once."),
            Agent(
                ALEX,
                "Perfect. I have sent a return label to your e-mail address. The refund goes to your card within three days of the parcel reaching us.",
            ),
            Note(
                ALEX,
                "Third remark this month about the colour of the grey throw. Asked the photo team to redo the picture.",
            ),
            Visitor("Got the label. Thank you, that was easy."),
        ],
        end: Resolved(ALEX, Some((4, "Quick and friendly. Please fix the photo though."))),
    },
    Sample {
        inbox: "web",
        external_id: "demo-1002",
        name: "赵一鸣",
        email: "zhao.yiming@example.com",
        attributes: r#"{"order":"LP-20466","city":"成都"}"#,
        lines: &[
            Visitor("我的快递显示昨天已签收,但是我没收到,驿站也没有。"),
            Agent(LIN, "您好,我马上联系快递核实。请问小区有没有快递柜,或者家人代收的可能?"),
            Visitor("都问过了,没有。里面是两个陶土马克杯,周末要送人的。"),
            Agent(
                LIN,
                "理解,时间确实紧。我已经发起核查,快递公司承诺今天 18:00 前回复;如果确认丢件,我今晚就给您补发顺丰,周五能到。",
            ),
            Note(LIN, "快递工单 7730-2291,18:00 跟进。如丢件,补发走加急,不用再审批。"),
            Visitor("好,那我等你消息。"),
        ],
        end: Pending(LIN),
    },
    Sample {
        inbox: "shop-en",
        external_id: "demo-2002",
        name: "Marcus Oyelaran",
        email: "marcus@studio-oyelaran.example",
        attributes: r#"{"company":"Studio Oyelaran","country":"GB","plan":"trade"}"#,
        lines: &[
            Visitor(
                "Hello, do you do trade prices? We are fitting out a small hotel and would need about 40 Halo lamps.",
            ),
            Agent(
                ALEX,
                "Hello Marcus, we do: 15 % from 20 pieces, 22 % from 50. Would one delivery be fine, or do you need them floor by floor?",
            ),
            Visitor(
                "Two deliveries would be best, 20 in March and 20 in April. And can they be hard-wired instead of plugged?",
            ),
            Agent(
                ALEX,
                "Two deliveries work at the same price. The hard-wired version exists for 230 V, it adds about ten days. Shall I prepare an offer with both options?",
            ),
            Visitor("Yes please. Made out to Studio Oyelaran, I need it by Thursday for the client."),
            Note(
                ALEX,
                "Ask Lin whether 22 % is possible with the second hotel in view. Offer due on Wednesday evening.",
            ),
        ],
        end: Open,
    },
    Sample {
        inbox: "web",
        external_id: "demo-1003",
        name: "周慧敏",
        email: "zhou.huimin@example.com",
        attributes: r#"{"order":"LP-20491","city":"上海","invoice":"专票"}"#,
        lines: &[
            Visitor("请问公司采购可以开增值税专用发票吗?"),
            Agent(LIN, "可以的。请提供公司名称、税号、开户行及账号,发货后 3 个工作日内开具电子专票。"),
            Visitor("上海松果文化传播有限公司,税号和开户行我整理一下发你。另外手冲壶 10 把有优惠吗?"),
            Agent(LIN, "10 把起享 9 折,可以和满减叠加。您确认数量后我给您改价。"),
            Visitor("那就 12 把,麻烦改一下,我下午付款。"),
        ],
        end: Open,
    },
    Sample {
        inbox: "shop-en",
        external_id: "demo-2003",
        name: "Priya Nair",
        email: "",
        attributes: r#"{"page":"/products/field-backpack"}"#,
        lines: &[
            Visitor(
                "Does the field backpack fit under an airline seat? It says 18 litres but I can't find the measurements.",
            ),
            Visitor("Also: is the waxed canvas ok in heavy rain, or do I need a cover?"),
        ],
        end: Waiting,
    },
    Sample {
        inbox: "web",
        external_id: "demo-1004",
        name: "刘洋",
        email: "",
        attributes: r#"{"page":"/products/pour-over-kettle"}"#,
        lines: &[Visitor("手冲壶能用在电磁炉上吗?"), Visitor("还有,今天下单什么时候能发货?")],
        end: Waiting,
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_fit_together() {
        for sample in SAMPLES {
            assert!(INBOXES.iter().any(|inbox| inbox.slug == sample.inbox), "{}", sample.name);
            assert!(matches!(sample.lines.first(), Some(Line::Visitor(_))), "{}", sample.name);
            let attributes: serde_json::Value = serde_json::from_str(sample.attributes).unwrap();
            assert!(attributes.is_object(), "{}", sample.name);
            let agents = sample.lines.iter().filter_map(|line| match line {
                Line::Agent(index, _) | Line::Note(index, _) => Some(*index),
                Line::Visitor(_) => None,
            });
            assert!(agents.into_iter().all(|index| index < AGENTS.len()), "{}", sample.name);
        }
    }
}
