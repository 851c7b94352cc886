use super::*;

#[test]
fn names_are_those_of_types_and_fields() {
    for (name, expected) in [
        ("users", "User"),
        ("t_user_orders", "UserOrder"),
        ("HTTPLogs", "Httplog"),
        ("categories", "Category"),
        ("2x", "Type2x"),
        ("status", "Status"),
        ("address", "Address"),
    ] {
        assert_eq!(type_name(name), expected, "{name}");
    }
    for (name, expected) in [
        ("created_at", "createdAt"),
        ("userId", "userId"),
        ("a.b-c", "aBC"),
        ("_id", "id"),
        ("1st", "field1st"),
    ] {
        assert_eq!(field_name(name), expected, "{name}");
    }
    assert_eq!(
        (plural("user"), plural("category"), plural("address")),
        ("users".into(), "categories".into(), "addresses".into())
    );
}
