//! Messages as customers and agents of a shop write them, in Chinese and English.
//!
//! Words are drawn by rank after Zipf. The first ones are real; those after them are made of common
//! characters. They are joined as they come: an index does not mind.

/// A fixed sequence of random numbers.
pub(crate) struct Random(u64);

/// The words, by rank.
pub(crate) struct Texts {
    chinese: Vec<String>,
    english: Vec<String>,
}

/// Ranks of Chinese and English words.
const CHINESE: u64 = 20_000;
const ENGLISH: u64 = 5_000;

const CHINESE_WORDS: &str = "您好 请问 订单 可以 快递 商品 发货 时间 客服 谢谢 已经 没有 收到 帮您 查询 稍等 地址 什么 现在 问题 \
    物流 优惠 支付 尺码 今天 明天 怎么 取消 账号 系统 处理 电话 活动 会员 退货 换货 联系 发票 密码 登录 质量 颜色 价格 包装 \
    尽快 麻烦 申请 显示 失败 成功 签收 仓库 提交 截图 图片 短信 手机 号码 银行 余额 积分 抵扣 满减 赠品 缺货 补发 拒收 破损 \
    少件 发错 维修 保修 说明 安装 师傅 上门 预约 配送 自提 门店 北京 上海 广州 深圳 杭州 成都 核实 反馈 登记 专员 回复 小时 \
    工作日 左右 满意 评价 差评 投诉 建议 抱歉 不好意思 理解 着急 马上 确认 修改 删除 注销 实名 认证 绑定 解绑 微信 支付宝 \
    信用卡 分期 到账 原路 返回 运费 保险 关税 海外 直邮 保税 生鲜 冷链 衣服 裤子 鞋子 手表 耳机 充电 电池 屏幕 键盘 鼠标";

const ENGLISH_WORDS: &str = "the my order is I to please not you have and it for can when thanks hello refund delivery address \
    received was of this in your we will a be on with payment item sorry help check account return need today \
    shipped package wrong size colour cancel invoice coupon price still waiting yesterday tomorrow number email \
    phone password login card bank transfer broken missing exchange store pickup courier tracking status update \
    confirm team issue resolved reply soon days hours week late early box damaged photo screenshot warranty repair \
    manual charger battery screen keyboard shoes jacket watch customs tax fee shipping free member points gift";

/// Characters that words without meaning are made of; the last ones are in no word.
const CHARACTERS: u64 = 2_000;
const FIRST_CHARACTER: u32 = 0x5000;
const UNUSED_CHARACTER: u32 = 0x8f00;

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// Xorshift, Marsaglia 2003.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// A rank below `end`: each has a share of about 1 / (rank + 1).
    fn rank(&mut self, end: u64) -> usize {
        let share = (self.next() >> 11) as f64 / (1_u64 << 53) as f64;
        ((end as f64 + 1.0).powf(share) - 1.0) as usize
    }
}

impl Texts {
    pub(crate) fn new() -> Self {
        let mut random = Random::new(3);
        let mut chinese: Vec<_> = CHINESE_WORDS.split_whitespace().map(str::to_owned).collect();
        while chinese.len() <= CHINESE as usize {
            let length = 2 + random.below(2);
            chinese.push((0..length).map(|_| character(FIRST_CHARACTER, random.below(CHARACTERS))).collect());
        }
        let mut english: Vec<_> = ENGLISH_WORDS.split_whitespace().map(str::to_owned).collect();
        while english.len() <= ENGLISH as usize {
            let length = 4 + random.below(6);
            english.push((0..length).map(|_| char::from(b'a' + random.below(26) as u8)).collect());
        }
        Self { chinese, english }
    }

    /// The Chinese word of this rank.
    pub(crate) fn chinese(&self, rank: u64) -> &str {
        &self.chinese[rank as usize]
    }

    /// The English word of this rank.
    pub(crate) fn english(&self, rank: u64) -> &str {
        &self.english[rank as usize]
    }

    /// A Chinese word from the end of the list.
    pub(crate) fn rare(&self, random: &mut Random) -> String {
        self.chinese[(CHINESE - random.below(CHINESE / 4)) as usize].clone()
    }

    /// One message: four in five are Chinese, three in a hundred speak of a refund.
    pub(crate) fn message(&self, random: &mut Random) -> String {
        let mut text = String::new();
        let words = 2 + random.below(9);
        if random.below(5) == 0 {
            for _ in 0..words {
                if !text.is_empty() {
                    text.push(' ');
                }
                text.push_str(&self.english[random.rank(ENGLISH)]);
            }
        } else {
            for word in 0..words {
                text.push_str(&self.chinese[random.rank(CHINESE)]);
                match random.below(6) {
                    0 => text.push('，'),
                    1 if word > 2 => text.push('。'),
                    _ => {}
                }
            }
            match random.below(100) {
                0..3 => text.push_str("我要退款"),
                3..6 => text.push_str(&format!("，订单号 {}", 10_000_000_000 + random.below(90_000_000_000))),
                6 => text.push_str(&format!(" {}?", self.english[random.rank(ENGLISH)])),
                _ => {}
            }
        }
        text
    }
}

/// A word of two characters that no message has.
pub(crate) fn absent(random: &mut Random) -> String {
    (0..2).map(|_| character(UNUSED_CHARACTER, random.below(100))).collect()
}

fn character(first: u32, number: u64) -> char {
    char::from_u32(first + number as u32).unwrap_or('一')
}
