/// Parts of a message that its schema does not have, fields or elements: each becomes many times longer than it was.
pub(crate) const UNKNOWN_MAX: usize = 65_536;

/// What an input may cost at most, whatever it claims about itself.
///
/// One value serves all formats; a format reads those limits that mean something to it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// Bytes of a message, before and after decompression.
    pub message_bytes_max: usize,
    /// Bytes of one text or binary value.
    pub string_bytes_max: usize,
    /// How deep structs and containers may nest.
    pub depth_max: u32,
    /// Fields and container elements of a message, all levels together.
    pub nodes_max: u64,
    /// Bytes that one compressed byte may become, on the average of a message.
    pub inflate_ratio_max: usize,
    /// Informational headers of a message.
    pub headers_max: usize,
    /// Files of a schema, with all that it includes.
    pub schema_files_max: usize,
    /// Bytes of those files together.
    pub schema_bytes_max: usize,
    /// Levels of files that include files.
    pub schema_levels_max: usize,
    /// Tokens of those files together.
    pub schema_tokens_max: usize,
    /// How deep types and constants may nest in a schema.
    pub schema_depth_max: u32,
    /// Values that the constants and defaults of a schema may come to when their references are resolved.
    pub schema_const_nodes_max: u64,
    /// Parts of a schema's types when groups and base types are written out.
    pub schema_parts_max: u64,
    /// How deep XML elements may nest.
    pub xml_depth_max: usize,
    /// Attributes of an XML element.
    pub xml_attributes_max: usize,
    /// Namespace declarations of an XML element.
    pub xml_declarations_max: usize,
    /// Namespace declarations in scope.
    pub xml_bindings_max: usize,
    /// Bytes of an XML name with its prefix.
    pub xml_name_bytes_max: usize,
    /// Bytes of a namespace name.
    pub xml_namespace_bytes_max: usize,
    /// Elements that others refer to by `href`, of SOAP encoding.
    pub multi_ref_ids_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message_bytes_max: 16 << 20,
            string_bytes_max: 4 << 20,
            depth_max: 64,
            nodes_max: 1_000_000,
            inflate_ratio_max: 100,
            headers_max: 256,
            schema_files_max: 200,
            schema_bytes_max: 32 << 20,
            schema_levels_max: 32,
            schema_tokens_max: 1 << 20,
            schema_depth_max: 64,
            schema_const_nodes_max: 100_000,
            schema_parts_max: 200_000,
            xml_depth_max: 128,
            xml_attributes_max: 256,
            xml_declarations_max: 64,
            xml_bindings_max: 1_024,
            xml_name_bytes_max: 1_024,
            xml_namespace_bytes_max: 2_048,
            multi_ref_ids_max: 10_000,
        }
    }
}
