//! Operations drawn at random: valid, and of every form that the language has for a query.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{
    arguments::Variables,
    definitions::{Definitions, Kind, named},
    scope::Scope,
};
use crate::support::Dice;

/// Fields within one another.
const DEPTH_MAX: u32 = 6;
/// Fields of one operation, about.
const FIELDS_MAX: u32 = 50;
/// Aliases, some of which are names of other fields.
const ALIASES: [&str; 10] =
    ["x", "y", "id", "name", "title", "code", "town", "no", "label", "badge"];

/// A question with the values of its variables.
#[derive(Debug)]
pub(super) struct Drawn {
    pub(super) query: String,
    pub(super) variables: Value,
    /// With what is there by default, too.
    pub(super) all_variables: Value,
}

/// A part of a set of selections.
#[derive(Debug, Clone)]
pub(super) enum Item {
    Field(Asked),
    /// A part on a type, or on none.
    Part(Option<String>, String, Vec<Item>),
    /// A fragment, by its number.
    Fragment(usize, String),
}

/// A field that is asked for.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) key: String,
    pub(super) name: String,
    /// The type it is asked of, and whether that is an object.
    pub(super) of: (String, bool),
    /// Its arguments as they are written.
    pub(super) arguments: String,
    /// Its type as it is written.
    pub(super) ty: String,
    pub(super) directives: String,
    pub(super) set: Vec<Item>,
}

/// A fragment with a name.
#[derive(Debug)]
pub(super) struct Fragment {
    pub(super) on: String,
    pub(super) set: Vec<Item>,
}

struct Drawing<'a> {
    definitions: &'a Definitions,
    dice: &'a mut Dice,
    variables: Variables,
    fragments: Vec<Fragment>,
    fields: u32,
    fresh: u32,
}

/// Draws an operation.
pub(super) fn drawn(definitions: &Definitions, dice: &mut Dice) -> Drawn {
    let mut drawing = Drawing {
        definitions,
        dice,
        variables: Variables::default(),
        fragments: Vec::new(),
        fields: 0,
        fresh: 0,
    };
    let set = drawing.set("Query", &mut Scope::default(), 0);
    let mut query = String::new();
    let _ = write!(query, "query{} ", drawing.variables.definitions());
    write_set(&mut query, &set);
    for (number, fragment) in drawing.fragments.iter().enumerate() {
        let _ = write!(query, " fragment f{number} on {} ", fragment.on);
        write_set(&mut query, &fragment.set);
    }
    let variables = drawing.variables.values();
    Drawn { query, variables, all_variables: drawing.variables.all_values() }
}

impl Drawing<'_> {
    fn chance(&mut self, percent: u64) -> bool {
        self.dice.below(100) < percent
    }

    /// Selections on the type `of`, which fit with what `scope` holds already.
    fn set(&mut self, of: &str, scope: &mut Scope, depth: u32) -> Vec<Item> {
        let mut items = Vec::new();
        for _ in 0..=self.dice.below(4) {
            if self.fields >= FIELDS_MAX {
                break;
            }
            items.extend(match self.dice.below(20) {
                0..=12 => self.field(of, scope, depth),
                13 => Some(self.typename(of, scope)),
                14..=16 => self.part(of, scope, depth),
                _ => self.fragment(of, scope, depth),
            });
        }
        if items.is_empty() {
            items.push(self.typename(of, scope));
        }
        items
    }

    fn typename(&mut self, of: &str, scope: &mut Scope) -> Item {
        let asked = Asked {
            key: "__typename".to_owned(),
            name: "__typename".to_owned(),
            of: (of.to_owned(), self.is_object(of)),
            arguments: String::new(),
            ty: "String!".to_owned(),
            directives: String::new(),
            set: Vec::new(),
        };
        Item::Field(self.placed(asked, scope))
    }

    fn is_object(&self, of: &str) -> bool {
        self.definitions.get(of).is_some_and(|one| one.kind == Kind::Object)
    }

    fn field(&mut self, of: &str, scope: &mut Scope, depth: u32) -> Option<Item> {
        let fields = &self.definitions.get(of)?.fields;
        if fields.is_empty() {
            return None;
        }
        let field = &fields[usize::try_from(self.dice.below(fields.len() as u64)).unwrap()];
        let ty = named(&field.ty.node);
        let composite = self.definitions.get(ty).is_some_and(|one| one.kind != Kind::Enum);
        if composite && depth >= DEPTH_MAX {
            return None;
        }
        self.fields += 1;
        let arguments = self.variables.arguments(field, self.definitions, self.dice);
        let asked = Asked {
            key: field.name.node.to_string(),
            name: field.name.node.to_string(),
            of: (of.to_owned(), self.is_object(of)),
            arguments,
            ty: field.ty.node.to_string(),
            directives: self.directives(),
            set: Vec::new(),
        };
        let mut asked = self.placed(asked, scope);
        if composite {
            asked.set = self.set(ty, scope.below(&asked.key), depth + 1);
        }
        Some(Item::Field(asked))
    }

    /// Gives a field a name in the answer that nothing else has there.
    fn placed(&mut self, mut asked: Asked, scope: &mut Scope) -> Asked {
        if self.chance(30) {
            self.dice.pick(&ALIASES).clone_into(&mut asked.key);
        }
        while !scope.takes(&asked) {
            self.fresh += 1;
            asked.key = format!("a{}", self.fresh);
        }
        asked
    }

    fn directives(&mut self) -> String {
        if !self.chance(12) {
            return String::new();
        }
        let directive = self.dice.pick(&["skip", "include"]);
        let holds = self.chance(if directive == "skip" { 30 } else { 70 });
        let holds = if self.chance(50) {
            self.variables.of("Boolean!", json!(holds).into(), self.dice)
        } else {
            holds.to_string()
        };
        format!(" @{directive}(if: {holds})")
    }

    /// A type that something of the type `of` can be of, too. Unions are left out: async-graphql does not see
    /// that an object is of one.
    fn narrower(&mut self, of: &str) -> String {
        let own = self.definitions.objects(of);
        let others = self.definitions.types.iter().filter(|(name, one)| {
            matches!(one.kind, Kind::Object | Kind::Interface)
                && self.definitions.objects(name).iter().any(|object| own.contains(object))
        });
        let others: Vec<&str> = others.map(|(name, _)| name.as_str()).collect();
        self.dice.pick(&others).to_owned()
    }

    fn part(&mut self, of: &str, scope: &mut Scope, depth: u32) -> Option<Item> {
        if depth >= DEPTH_MAX {
            return None;
        }
        let on = self.chance(85).then(|| self.narrower(of));
        let directives = self.directives();
        let set = self.set(on.as_deref().unwrap_or(of), scope, depth + 1);
        Some(Item::Part(on, directives, set))
    }

    /// A new fragment, or one that is there already.
    fn fragment(&mut self, of: &str, scope: &mut Scope, depth: u32) -> Option<Item> {
        if depth >= DEPTH_MAX {
            return None;
        }
        let directives = self.directives();
        if self.chance(40) && !self.fragments.is_empty() {
            let number = self.dice.below(self.fragments.len() as u64);
            let number = usize::try_from(number).unwrap();
            let own = self.definitions.objects(of);
            let on = self.definitions.objects(&self.fragments[number].on);
            let mut with = scope.clone();
            if on.iter().any(|object| own.contains(object))
                && with.take_all(&self.fragments[number].set, &self.fragments)
            {
                *scope = with;
                return Some(Item::Fragment(number, directives));
            }
        }
        let on = self.narrower(of);
        let set = self.set(&on, scope, depth + 1);
        self.fragments.push(Fragment { on, set });
        Some(Item::Fragment(self.fragments.len() - 1, directives))
    }
}

fn write_set(text: &mut String, set: &[Item]) {
    text.push('{');
    for item in set {
        match item {
            Item::Field(asked) => {
                let alias = if asked.key == asked.name {
                    String::new()
                } else {
                    format!("{}: ", asked.key)
                };
                let Asked { name, arguments, directives, .. } = asked;
                let _ = write!(text, " {alias}{name}{arguments}{directives}");
                if !asked.set.is_empty() {
                    text.push(' ');
                    write_set(text, &asked.set);
                }
            }
            Item::Part(on, directives, set) => {
                let on = on.as_ref().map(|on| format!(" on {on}")).unwrap_or_default();
                let _ = write!(text, " ...{on}{directives} ");
                write_set(text, set);
            }
            Item::Fragment(number, directives) => {
                let _ = write!(text, " ...f{number}{directives}");
            }
        }
    }
    text.push_str(" }");
}
