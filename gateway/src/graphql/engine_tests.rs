//! Tests of the async-graphql behaviour that this service depends on. Versions 7.1.0 to 7.2.1
//! return fields in the order of completion and drop failing fields: an upgrade must pass these
//! tests.

#![expect(clippy::unused_async, reason = "async-graphql requires async resolvers")]

use std::time::Duration;

use async_graphql::{EmptyMutation, EmptySubscription, Error, Object, Result, Schema};

async fn nap(ms: u64) {
    tokio::time::sleep(Duration::from_millis(ms)).await;
}

struct Query;

#[Object]
impl Query {
    async fn slow(&self) -> i32 {
        nap(20).await;
        1
    }

    async fn fast(&self) -> i32 {
        2
    }

    async fn failing(&self) -> Option<Result<i32>> {
        nap(5).await;
        Some(Err(Error::new("failed")))
    }

    async fn leaves(&self) -> Vec<Leaf> {
        (0..3).map(|number| Leaf { number }).collect()
    }

    async fn leaf(&self) -> Option<Leaf> {
        Some(Leaf { number: 1 })
    }
}

struct Leaf {
    number: u64,
}

#[Object]
impl Leaf {
    async fn slow(&self) -> u64 {
        nap(20 - 5 * self.number).await;
        self.number
    }

    async fn fast(&self) -> u64 {
        self.number * 10
    }

    async fn odd(&self) -> Option<Result<u64>> {
        (self.number % 2 == 1).then(|| Err(Error::new("odd")))
    }

    async fn certain(&self) -> Result<u64> {
        Err(Error::new("uncertain"))
    }
}

#[tokio::test]
async fn responses_must_follow_query_order_and_preserve_successful_fields() {
    let schema = Schema::new(Query, EmptyMutation, EmptySubscription);
    for (query, data, path) in [
        ("{ slow fast }", r#"{"slow":1,"fast":2}"#, None),
        ("{ z: slow fast a: slow }", r#"{"z":1,"fast":2,"a":1}"#, None),
        (
            "{ slow __typename ...f } fragment f on Query { fast }",
            r#"{"slow":1,"__typename":"Query","fast":2}"#,
            None,
        ),
        ("{ slow failing fast }", r#"{"slow":1,"failing":null,"fast":2}"#, Some(r#"["failing"]"#)),
        (
            "{ leaves { slow fast } }",
            r#"{"leaves":[{"slow":0,"fast":0},{"slow":1,"fast":10},{"slow":2,"fast":20}]}"#,
            None,
        ),
        (
            "{ leaves { slow odd } }",
            r#"{"leaves":[{"slow":0,"odd":null},{"slow":1,"odd":null},{"slow":2,"odd":null}]}"#,
            Some(r#"["leaves",1,"odd"]"#),
        ),
        (
            "{ slow leaf { slow certain } fast }",
            r#"{"slow":1,"leaf":null,"fast":2}"#,
            Some(r#"["leaf","certain"]"#),
        ),
    ] {
        let response = schema.execute(query).await;
        assert_eq!(serde_json::to_string(&response.data).unwrap(), data, "{query}");
        let found: Vec<_> =
            response.errors.iter().map(|e| serde_json::to_string(&e.path).unwrap()).collect();
        assert_eq!(found, path.into_iter().collect::<Vec<_>>(), "{query}");
    }
}
