use super::rules::Profile;

/// What an agent knows and where it works, for a look at many classes at once: a bit for each row number
/// below 128. Higher ones have no bit; whatever depends on them is looked up.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Marks {
    pub(super) skills: u128,
    pub(super) teams: u128,
}

impl Marks {
    pub(super) fn of(profile: &Profile) -> Self {
        Self {
            skills: bits(profile.skills.iter().map(|(skill, _)| skill.0)).bits,
            teams: bits(profile.teams.iter().map(|team| team.0)).bits,
        }
    }
}

/// A set of row numbers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Bits {
    pub(super) bits: u128,
    /// All of them have a bit.
    pub(super) is_exact: bool,
}

pub(super) fn bits(numbers: impl Iterator<Item = i64>) -> Bits {
    let mut set = Bits { bits: 0, is_exact: true };
    for number in numbers {
        match u32::try_from(number).ok().and_then(|number| 1_u128.checked_shl(number)) {
            Some(bit) => set.bits |= bit,
            None => set.is_exact = false,
        }
    }
    set
}
