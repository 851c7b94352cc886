use std::str::FromStr;

use kefu_traffic::Arrivals;

use crate::queue::{self, Due};

/// One of several equal parts of a load: `0/4` is the first of four, `0/4/77` that of the run 77.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Share {
    pub(crate) number: u32,
    pub(crate) of: u32,
    /// Random bits that all parts have in common.
    pub(crate) run: u64,
}

impl FromStr for Share {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.split('/');
        let (number, of) = (parts.next(), parts.next());
        let run = parts.next().map_or(Ok(0), str::parse);
        match (number.map(str::parse), of.map(str::parse), run, parts.next()) {
            (Some(Ok(number)), Some(Ok(of)), Ok(run), None) if number < of => Ok(Self { number, of, run }),
            _ => Err("a share is a number and a larger one, such as 0/4"),
        }
    }
}

impl Share {
    pub(crate) const WHOLE: Self = Self { number: 0, of: 1, run: 0 };

    /// This part of a number.
    pub(crate) fn of(self, whole: u64) -> u64 {
        let (number, of) = (u64::from(self.number), u64::from(self.of));
        whole / of + u64::from(number < whole % of)
    }

    /// This part of a number that is no larger than a `u32`.
    pub(crate) fn of_u32(self, whole: u32) -> u32 {
        whole / self.of + u32::from(self.number < whole % self.of)
    }

    /// What the parts before this one are together.
    pub(crate) fn before(self, whole: u32) -> u32 {
        self.number * (whole / self.of) + self.number.min(whole % self.of)
    }

    /// This part's arrivals, which lie between those of the others; at most its part of `most`.
    pub(crate) fn arrivals(self, arrivals: Arrivals, most: u64) -> Due {
        queue::part(arrivals, self.number, self.of, self.of(most))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_make_up_the_whole_and_follow_each_other() {
        for whole in [0, 1, 7, 12, 100_003] {
            let mut next = 0;
            for number in 0..5 {
                let share = Share { number, of: 5, run: 0 };
                assert_eq!(share.before(whole), next, "{whole}");
                assert_eq!(share.of(u64::from(whole)), u64::from(share.of_u32(whole)));
                next += share.of_u32(whole);
            }
            assert_eq!(next, whole);
        }
    }

    #[test]
    fn shares_are_read() {
        assert_eq!("1/3/9".parse(), Ok(Share { number: 1, of: 3, run: 9 }));
        assert_eq!("0/2".parse(), Ok(Share { number: 0, of: 2, run: 0 }));
        for text in ["3/3", "x", "1", "1/", "0/2/x", "0/2/3/4"] {
            assert!(text.parse::<Share>().is_err(), "{text}");
        }
    }
}
