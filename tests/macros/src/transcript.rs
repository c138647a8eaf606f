//! The language of scripts: each line becomes a call of a method of `Script`.

use proc_macro::{TokenStream, TokenTree};

const MARKS: [&str; 8] = ["S: ", "S> ", "S! ", "C: ", "D> ", "D< ", "D! ", "! "];

/// `before; "text"`, or the text alone.
pub fn script(tokens: TokenStream) -> Result<String, String> {
    let mut tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let text = tokens.pop().ok_or("a script is a text")?.to_string();
    let text = text
        .trim_start_matches('b')
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'))
        .ok_or("a script is a text in quotation marks")?;
    let before = match tokens.pop() {
        None => "::ftp_testkit::Script::silent()".to_owned(),
        Some(mark) if mark.to_string() == ";" => format!("({})", tokens.into_iter().collect::<TokenStream>()),
        Some(_) => return Err("before a text stands a script and a semicolon".to_owned()),
    };
    text.lines().flat_map(parts).try_fold(before, |script, part| Ok(script + &call(part)?))
}

/// What stands on one line: where three blanks or more, and then a mark, follow, something else begins.
fn parts(line: &str) -> Vec<&str> {
    let (mut parts, mut rest, mut from) = (Vec::new(), line.trim_start(), 0);
    while let Some(at) = rest.get(from..).and_then(|behind| behind.find("   ")).map(|at| at + from) {
        let (part, behind) = rest.split_at(at);
        if MARKS.iter().any(|mark| behind.trim_start().starts_with(mark)) {
            parts.push(part);
            (rest, from) = (behind.trim_start(), 0);
        } else {
            from = at + 1;
        }
    }
    parts.extend([rest].into_iter().filter(|rest| !rest.is_empty()));
    parts
}

/// The method that this line calls.
fn call(line: &str) -> Result<String, String> {
    if let Some(method) = line.strip_prefix("! ") {
        return Ok(format!(".{}", method.replace("\\\"", "\"").replace("\\\\", "\\")));
    }
    let (kind, rest) = line.split_at_checked(2).ok_or_else(|| unknown(line))?;
    let text = rest.strip_prefix(' ').unwrap_or(rest);
    Ok(match kind {
        "S:" if text.contains("<port>") || text.contains("<high>") => format!(".announce(\"{}\")", marked(text)),
        "S:" => format!(".reply({})", value(text)?),
        "S>" => format!(".say({})", value(text)?),
        "S!" => format!(".end(::ftp_testkit::End::{})", end(text)?.0),
        "C:" => match text.strip_suffix('*') {
            Some(start) => format!(".expect({})", value(start)?),
            None => format!(".expect_line({})", value(text)?),
        },
        "D>" => format!(".send_data({})", value(text)?),
        "D<" => format!(".receive_data({})", value(text)?),
        "D!" => format!(".{}_data()", end(text)?.1),
        _ => return Err(unknown(line)),
    })
}

/// The port that the server listens at, as `announce` has it.
fn marked(text: &str) -> String {
    ["port", "high", "low"]
        .into_iter()
        .fold(text.to_owned(), |text, name| text.replace(&format!("<{name}>"), &format!("{{{name}}}")))
}

fn unknown(line: &str) -> String {
    format!("no line of a script: {line}")
}

/// How a control connection ends, and how a data connection does.
fn end(word: &str) -> Result<(&'static str, &'static str), String> {
    match word {
        "close" => Ok(("Close", "close")),
        "reset" => Ok(("Reset", "reset")),
        "stall" => Ok(("Stall", "leave")),
        _ => Err(format!("no end of a connection: {word}")),
    }
}

/// The text with its expressions. One that is alone may be of any type that bytes can be made of.
fn value(text: &str) -> Result<String, String> {
    let (mut format, mut expressions, mut rest) = (String::new(), Vec::new(), text);
    while let Some((before, behind)) = rest.split_once('{') {
        let (expression, behind) = behind.split_once('}').ok_or_else(|| format!("no end of an expression: {text}"))?;
        format += &before.replace('}', "}}");
        format += "{}";
        expressions.push(expression.replace("\\\"", "\""));
        rest = behind;
    }
    if let ([expression], "{}", "") = (&expressions[..], format.as_str(), rest) {
        return Ok(format!("&({expression})"));
    }
    format += &rest.replace('}', "}}");
    if expressions.is_empty() {
        // Bytes that are no ASCII have to be in a literal of bytes.
        let bytes = text
            .split("\\x")
            .skip(1)
            .any(|code| code.starts_with(|digit: char| !digit.is_ascii_digit() || digit > '7'));
        return Ok(format!("{}\"{text}\"", if bytes { "b" } else { "" }));
    }
    Ok(format!("format!(\"{format}\", {})", expressions.join(", ")))
}
