//! Example events: what a function is sent by the services that most people connect it to, and a way to ask for
//! them by name. The text is our own; the tests hold every one against the types of `aws_lambda_events`.

use clap::builder::{PossibleValue, PossibleValuesParser};

/// An event of a service, as it would send it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Example {
    /// What it is asked for by.
    pub name: &'static str,
    /// What it is, on one line.
    pub about: &'static str,
    /// The event, as JSON that a person can read.
    pub text: &'static str,
}

macro_rules! example {
    ($name:literal, $about:literal) => {
        Example { name: $name, about: $about, text: include_str!(concat!($name, ".json")) }
    };
}

/// All of them, in the order they are listed.
pub const ALL: [Example; 8] = [
    example!("sqs", "two messages of an SQS queue"),
    example!("s3", "an object put into an S3 bucket"),
    example!("dynamodb", "an item inserted and one changed, from a DynamoDB stream"),
    example!("eventbridge", "an event of your own from EventBridge"),
    example!("cron", "a schedule of EventBridge (cron or rate)"),
    example!("apigw-v1", "GET /hello?name=you through an API Gateway REST API"),
    example!("apigw-v2", "GET /hello?name=you through an API Gateway HTTP API"),
    example!("alb", "GET /hello?name=you through an Application Load Balancer"),
];

/// The example of that name.
pub fn find(name: &str) -> Option<&'static Example> {
    ALL.iter().find(|example| example.name == name)
}

/// The names, as a flag takes them.
pub(crate) fn values() -> PossibleValuesParser {
    PossibleValuesParser::new(ALL.map(|example| PossibleValue::new(example.name).help(example.about)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_found_by_its_name_and_no_other() {
        for example in &ALL {
            assert_eq!(find(example.name), Some(example));
        }
        assert_eq!(find("SQS"), None, "names are written one way");
    }

    #[test]
    fn names_are_unique_and_every_file_is_one_of_them() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/events");
        let entries = std::fs::read_dir(folder).expect("the sources").flatten();
        let mut files: Vec<_> = entries
            .filter_map(|entry| entry.file_name().to_str()?.strip_suffix(".json").map(str::to_owned))
            .collect();
        files.sort();
        let mut names = ALL.map(|example| example.name);
        names.sort_unstable();
        assert_eq!(files, names);
    }
}
