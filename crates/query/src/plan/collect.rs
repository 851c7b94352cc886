use apollo_compiler::ExecutableDocument;
use apollo_compiler::Node;
use apollo_compiler::ast::{DirectiveList, Value};
use apollo_compiler::collections::{HashSet, IndexMap};
use apollo_compiler::executable::{Field, Selection, SelectionSet};
use apollo_compiler::validation::Valid;

/// Fields of an object by response key, in the order of the answer.
pub(super) type Collected<'d> = IndexMap<&'d str, Vec<&'d Node<Field>>>;

/// Brings selections together, as *CollectFields* of the specification.
pub(super) struct Collector<'d> {
    pub(super) document: &'d Valid<ExecutableDocument>,
    pub(super) guard: &'d dyn Fn(&str) -> bool,
}

impl<'d> Collector<'d> {
    /// What is selected by a set.
    pub(super) fn of_set(&self, set: &'d SelectionSet) -> Collected<'d> {
        let mut collected = Collected::default();
        self.gather(set, &mut HashSet::default(), &mut collected);
        collected
    }

    /// What is selected below fields that have the same response key.
    pub(super) fn of_fields(&self, fields: &[&'d Node<Field>]) -> Collected<'d> {
        let mut collected = Collected::default();
        let mut spread = HashSet::default();
        for field in fields {
            self.gather(&field.selection_set, &mut spread, &mut collected);
        }
        collected
    }

    /// All types are objects, and a valid fragment applies to them, so that no type condition is left to be looked at.
    fn gather(&self, set: &'d SelectionSet, spread: &mut HashSet<&'d str>, collected: &mut Collected<'d>) {
        for selection in &set.selections {
            if !self.is_selected(selection.directives()) {
                continue;
            }
            match selection {
                Selection::Field(field) => {
                    collected.entry(field.response_key().as_str()).or_default().push(field);
                }
                Selection::InlineFragment(inline) => self.gather(&inline.selection_set, spread, collected),
                Selection::FragmentSpread(named) => {
                    if spread.insert(named.fragment_name.as_str())
                        && let Some(fragment) = self.document.fragments.get(&named.fragment_name)
                    {
                        self.gather(&fragment.selection_set, spread, collected);
                    }
                }
            }
        }
    }

    fn is_selected(&self, directives: &DirectiveList) -> bool {
        directives.iter().all(|directive| {
            let wanted = match directive.name.as_str() {
                "include" => true,
                "skip" => false,
                _ => return true,
            };
            let value = directive.specified_argument_by_name("if");
            wanted
                == value.is_some_and(|value| match &**value {
                    Value::Boolean(value) => *value,
                    Value::Variable(name) => (self.guard)(name),
                    _ => false,
                })
        })
    }
}
