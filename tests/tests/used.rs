//! Everything built is used: shipped programs send every instruction and read every setting of the keeper.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use kedge_interface::instruction::ALL;
use syn::punctuated::Punctuated;
use syn::visit::{self, Visit};

/// Uses in shipped code: types that are built, fields that are read.
#[derive(Default)]
struct Used {
    made: BTreeSet<String>,
    read: BTreeSet<String>,
}

fn is_test(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|one| {
        one.path().is_ident("test")
            || (one.path().is_ident("cfg")
                && one.meta.require_list().is_ok_and(|list| list.tokens.to_string() == "test"))
    })
}

impl<'ast> Visit<'ast> for Used {
    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        if !is_test(&module.attrs) {
            visit::visit_item_mod(self, module);
        }
    }

    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        if !is_test(&function.attrs) {
            visit::visit_item_fn(self, function);
        }
    }

    fn visit_expr_struct(&mut self, expression: &'ast syn::ExprStruct) {
        self.made.extend(expression.path.segments.last().map(|segment| segment.ident.to_string()));
        visit::visit_expr_struct(self, expression);
    }

    fn visit_expr_call(&mut self, call: &'ast syn::ExprCall) {
        // `Type::of(..)` builds one too.
        if let syn::Expr::Path(path) = &*call.func {
            let mut segments = path.path.segments.iter().rev().map(|segment| segment.ident.to_string());
            if segments.next().as_deref() == Some("of") {
                self.made.extend(segments.next());
            }
        }
        visit::visit_expr_call(self, call);
    }

    fn visit_expr_field(&mut self, field: &'ast syn::ExprField) {
        if let syn::Member::Named(name) = &field.member {
            self.read.insert(name.to_string());
        }
        visit::visit_expr_field(self, field);
    }

    fn visit_pat_struct(&mut self, pattern: &'ast syn::PatStruct) {
        for field in &pattern.fields {
            if let syn::Member::Named(name) = &field.member {
                self.read.insert(name.to_string());
            }
        }
        visit::visit_pat_struct(self, pattern);
    }

    fn visit_macro(&mut self, invoked: &'ast syn::Macro) {
        let list = Punctuated::<syn::Expr, syn::Token![,]>::parse_terminated;
        for expression in invoked.parse_body_with(list).into_iter().flatten() {
            self.visit_expr(kept(expression));
        }
        visit::visit_macro(self, invoked);
    }
}

/// The visitor borrows from the file; an expression of a macro has no file.
fn kept(expression: syn::Expr) -> &'static syn::Expr {
    Box::leak(Box::new(expression))
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") && !path.ends_with("tests.rs") {
            found.push(path);
        }
    }
}

fn parsed(folders: &[&str]) -> Vec<(PathBuf, syn::File)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files = Vec::new();
    for folder in folders {
        sources(&root.join(folder), &mut files);
    }
    let parse = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        let file = syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        (path, file)
    };
    files.into_iter().map(parse).collect()
}

/// The shipped programs, command line and keeper, and their common client.
const SHIPPED: [&str; 4] = ["crates/cli/src", "crates/client/src", "crates/keeper/src", "crates/sender/src"];

#[test]
fn every_instruction_is_sent_by_a_program_that_ships() {
    let mut used = Used::default();
    for (_, file) in parsed(&SHIPPED) {
        used.visit_file(&file);
    }
    let camel = |name: &str| -> String {
        name.split('_')
            .map(|word| {
                word.chars().take(1).flat_map(char::to_uppercase).chain(word.chars().skip(1)).collect::<String>()
            })
            .collect()
    };
    let unsent: Vec<&str> = ALL.iter().map(|one| one.name).filter(|name| !used.made.contains(&camel(name))).collect();
    assert!(unsent.is_empty(), "no program that ships sends {unsent:?}");
    assert!(!used.made.contains("NoSuchInstruction") && used.made.len() > ALL.len());
}

#[test]
fn every_setting_of_the_keeper_is_read() {
    let mut settings: BTreeSet<String> = BTreeSet::new();
    let mut used = Used::default();
    for (path, file) in parsed(&["crates/keeper/src/config", "crates/keeper/src/service"]) {
        used.visit_file(&file);
        let structs = file.items.iter().filter_map(|item| match item {
            syn::Item::Struct(one) => Some(one),
            _ => None,
        });
        let is_read_from_a_file = |one: &&syn::ItemStruct| {
            one.attrs.iter().any(|attribute| {
                attribute.path().is_ident("derive")
                    && attribute.meta.require_list().is_ok_and(|list| list.tokens.to_string().contains("Deserialize"))
            })
        };
        if path.components().any(|part| part.as_os_str() == "config") {
            let fields = structs.filter(is_read_from_a_file).flat_map(|one| one.fields.iter());
            settings.extend(fields.filter_map(|field| field.ident.as_ref()).map(ToString::to_string));
        }
    }
    assert!(settings.len() > 60, "{}: are they still found?", settings.len());
    let unread: Vec<&String> = settings.iter().filter(|name| !used.read.contains(*name)).collect();
    assert!(unread.is_empty(), "nothing reads {unread:?}");
    let example =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../keepers/config/example.toml")).unwrap();
    // A key before its value, a table, or a list of tables.
    let shown = |name: &str| {
        example.match_indices(name).any(|(at, _)| {
            let (before, after) = (&example[..at], &example[at + name.len()..]);
            !before.ends_with(|letter: char| letter.is_alphanumeric() || letter == '_')
                && (after.starts_with(" =") || after.starts_with(']') || after.starts_with('.'))
        })
    };
    let hidden: Vec<&String> = settings.iter().filter(|name| !shown(name)).collect();
    assert!(hidden.is_empty(), "keepers/config/example.toml does not show {hidden:?}");
}
