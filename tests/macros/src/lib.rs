//! What the tests are written with: the attribute that registers a trial where it is written (see `ftp_tests::suite`), and the
//! language of scripts (see `ftp_testkit`).

mod transcript;

use proc_macro::{TokenStream, TokenTree};

/// Registers this function as a trial of its suite, named after it. It takes nothing, or what it runs on, by value or by
/// reference; it is `async` or not; and it returns `anyhow::Result<()>`.
///
/// - `on = EXPRESSION`: the cases to run on, a `Vec<Case<T>>`; otherwise those that its argument has of itself, `T::cases()`
/// - `needs = EXPRESSION`: a `Requirement` of all cases
/// - `except(SERVER, "reason")`: the cases that it does not run on, and why. One without such a case fails the suite
/// - `covers("name", …)`: the functions of the contract that it is the trial of. One without such a function fails the suite
#[proc_macro_attribute]
pub fn trial(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let registration =
        registration(arguments, item.clone()).unwrap_or_else(|message| format!("compile_error!({message:?});"));
    let registration: TokenStream = registration.parse().expect("what this writes is Rust");
    [item, registration].into_iter().collect()
}

fn registration(arguments: TokenStream, item: TokenStream) -> Result<String, String> {
    let Arguments { on, needs, excuses, covers } = Arguments::of(arguments)?;
    let Function { name, is_async, parameter } = Function::of(item)?;
    let (kind, by_reference) = match parameter {
        None => ("()".to_owned(), false),
        Some(kind) => kind.strip_prefix('&').map_or((kind.clone(), false), |kind| (kind.to_owned(), true)),
    };
    let argument = match (kind.as_str(), by_reference) {
        ("()", _) => "",
        (_, true) => "&case",
        (_, false) => "case",
    };
    let on = on.unwrap_or_else(|| format!("<{kind} as ::ftp_tests::suite::Cases>::cases()"));
    let needs = needs.unwrap_or_else(|| "Ok(())".to_owned());
    let wait = if is_async { ".await" } else { "" };
    Ok(format!(
        "const _: () = {{
            ::ftp_tests::suite::inventory::submit! {{
                ::ftp_tests::suite::Trial {{
                    module: ::std::module_path!(),
                    line: ::std::line!(),
                    name: \"{name}\",
                    covers: &[{covers}],
                    excuses: &[{excuses}],
                    cases: || ::ftp_tests::suite::ready({on}, &({needs}), |case: {kind}| {{
                        ::std::boxed::Box::pin(async move {{ let _ = &case; {name}({argument}){wait} }})
                    }}),
                }}
            }}
        }};"
    ))
}

/// What stands in the parentheses of the attribute, as source.
#[derive(Default)]
struct Arguments {
    on: Option<String>,
    needs: Option<String>,
    excuses: String,
    covers: String,
}

impl Arguments {
    fn of(tokens: TokenStream) -> Result<Self, String> {
        let mut all = Self::default();
        for argument in separated(tokens) {
            let mut tokens = argument.into_iter();
            let name = tokens.next().map(|token| token.to_string()).unwrap_or_default();
            let next = tokens.next();
            let value = || tokens.clone().collect::<TokenStream>().to_string();
            match (name.as_str(), next) {
                ("on", Some(TokenTree::Punct(_))) => all.on = Some(value()),
                ("needs", Some(TokenTree::Punct(_))) => all.needs = Some(value()),
                ("except", Some(TokenTree::Group(group))) => all.excuses += &format!("({}),", group.stream()),
                ("covers", Some(TokenTree::Group(group))) => all.covers += &format!("{},", group.stream()),
                _ => return Err(format!("no argument of a trial: {name}")),
            }
        }
        Ok(all)
    }
}

/// What has to be known of the function.
struct Function {
    name: String,
    is_async: bool,
    parameter: Option<String>,
}

impl Function {
    fn of(item: TokenStream) -> Result<Self, String> {
        let mut tokens = item.into_iter();
        let mut is_async = false;
        for token in tokens.by_ref() {
            match token.to_string().as_str() {
                "async" => is_async = true,
                "fn" => break,
                _ => {}
            }
        }
        let name = tokens.next().ok_or("a trial is a function")?.to_string();
        let Some(TokenTree::Group(parameters)) = tokens.next() else {
            return Err(format!("{name} has to be without generics"));
        };
        let mut parameters = separated(parameters.stream()).into_iter();
        let parameter = parameters.next().map(|parameter| kind(parameter, &name)).transpose()?;
        match parameters.next() {
            Some(_) => Err(format!("{name} has to take one thing at most")),
            None => Ok(Self { name, is_async, parameter }),
        }
    }
}

/// The type of a parameter: what stands behind the first single colon. A reference is one to the case, unless it is static.
fn kind(parameter: TokenStream, function: &str) -> Result<String, String> {
    let mut tokens = parameter.into_iter().skip_while(|token| token.to_string() != ":");
    tokens.next().ok_or_else(|| format!("{function} has a parameter without a type"))?;
    let kind: TokenStream = tokens.collect();
    let kind = kind.to_string();
    Ok(match kind.strip_prefix('&') {
        Some(kind) if !kind.trim_start().starts_with("'static") => format!("&{kind}"),
        Some(_) => format!(" {kind}"),
        None => kind,
    })
}

/// What stands between the commas.
fn separated(tokens: TokenStream) -> Vec<TokenStream> {
    let tokens: Vec<_> = tokens.into_iter().collect();
    let is_comma = |token: &TokenTree| matches!(token, TokenTree::Punct(mark) if mark.as_char() == ',');
    let parts = tokens.split(is_comma).map(|part| part.iter().cloned().collect::<TokenStream>());
    parts.filter(|part| !part.is_empty()).collect()
}

/// A script, of its text: see `ftp_testkit`.
#[proc_macro]
pub fn script(tokens: TokenStream) -> TokenStream {
    transcript::script(tokens)
        .unwrap_or_else(|message| format!("compile_error!({message:?})"))
        .parse()
        .expect("what this writes is Rust")
}
