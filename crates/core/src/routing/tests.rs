use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Step {
    Agent { agent: i64, online: bool, capacity: u32 },
    Socket { agent: i64, opened: bool },
    Wait,
    End { nth: usize },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        (0..6i64, any::<bool>(), 0..4u32).prop_map(|(agent, online, capacity)| Step::Agent {
            agent,
            online,
            capacity
        }),
        (0..6i64, any::<bool>()).prop_map(|(agent, opened)| Step::Socket { agent, opened }),
        Just(Step::Wait),
        any::<usize>().prop_map(|nth| Step::End { nth }),
    ];
    proptest::collection::vec(step, 1..200)
}

proptest! {
    #[test]
    fn capacity_holds_and_nobody_waits_for_a_free_agent(steps in steps()) {
        let mut routing = Routing::default();
        let mut waiting: Vec<(Micros, ConversationKey)> = Vec::new();
        let mut open: Vec<Assignment> = Vec::new();
        let mut capacity = std::collections::HashMap::new();
        for (clock, step) in steps.into_iter().enumerate() {
            match step {
                Step::Agent { agent, online, capacity: c } => {
                    let status = if online { AgentStatus::Online } else { AgentStatus::Busy };
                    capacity.insert(AgentKey(agent), c);
                    routing.set_agent(AgentKey(agent), status, c, false);
                }
                Step::Socket { agent, opened } => {
                    routing.socket(AgentKey(agent), opened);
                }
                Step::Wait => {
                    let key = ConversationKey(i64::try_from(clock).unwrap());
                    let since = Micros(key.0);
                    routing.wait(key, since);
                    waiting.push((since, key));
                }
                Step::End { nth } => {
                    if !open.is_empty() {
                        let ended = open.swap_remove(nth % open.len());
                        routing.load(ended.agent, false);
                    }
                }
            }
            while let Some(given) = routing.assign() {
                let load = open.iter().filter(|a| a.agent == given.agent).count();
                prop_assert!(load < capacity[&given.agent] as usize, "over capacity");
                prop_assert_eq!(waiting.first().map(|w| w.1), Some(given.conversation), "oldest first");
                let (since, key) = waiting.remove(0);
                prop_assert_eq!(routing.waiting_since(key), Some(since));
                routing.leave(key);
                routing.load(given.agent, true);
                open.push(given);
            }
            prop_assert!(waiting.is_empty() || routing.free.is_empty(), "somebody waits while somebody is free");
            prop_assert_eq!(routing.waiting_count(), waiting.len());
        }
    }
}

#[test]
fn the_least_busy_agent_is_chosen_and_equals_take_turns() {
    let mut routing = Routing::default();
    for agent in [1, 2] {
        routing.set_agent(AgentKey(agent), AgentStatus::Online, 8, false);
        routing.socket(AgentKey(agent), true);
    }
    let mut given = Vec::new();
    for n in 0..4 {
        routing.wait(ConversationKey(n), Micros(n));
        let assignment = routing.assign().unwrap();
        routing.leave(assignment.conversation);
        routing.load(assignment.agent, true);
        given.push(assignment.agent.0);
    }
    assert_eq!(given, [1, 2, 1, 2]);
}
