//! The macro that makes an option one entry: its place in the table and its field in a typed group.
//!
//! An entry begins with the field it fills, `[nrfiles: u32]`. The field makes the option
//! [`Status::Ready`](super::Status::Ready), unless it is marked: `[rate: u64; planned]` has its place in
//! the plan, but nothing carries it out yet. `[]` is for what has no value to keep. The lowering takes
//! each group apart without `..`, so an option with a field that nobody uses does not compile.

/// Declares a group: a struct of the options that work, and the static table of all of them.
macro_rules! option_group {
    (
        $(#[$meta:meta])*
        $group:ident, $table:ident;
        $( [$($field:ident : $ty:ty $(; $planned:ident)?)?] $def:expr; )*
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct $group {
            $($(
                #[doc = concat!("`", stringify!($field), "`, if it was given.")]
                pub $field: Option<$ty>,
            )?)*
        }

        impl $group {
            /// Stores a value under the name of its field; false if there is no such field or it
            /// is of another type.
            #[allow(unused_variables, reason = "a group may have no field yet")]
            pub(crate) fn set(&mut self, name: &str, value: &$crate::value::Value) -> bool {
                match name {
                    $($(
                        stringify!($field) => {
                            match <$ty as $crate::table::typed::FromValue>::from_value(value) {
                                Some(typed) => {
                                    self.$field = Some(typed);
                                    true
                                }
                                None => false,
                            }
                        }
                    )?)*
                    _ => false,
                }
            }

            /// Forgets a value.
            #[allow(unused_variables, reason = "a group may have no field yet")]
            pub(crate) fn unset(&mut self, name: &str) {
                match name {
                    $($( stringify!($field) => self.$field = None, )?)*
                    _ => {}
                }
            }
        }

        /// The entries of this group, in the order of help and reports.
        pub(crate) static $table: &[$crate::table::OptionDef] = &[
            $( {
                let def = $def;
                $(
                    let def = $crate::table::group::ready(def, stringify!($field));
                    $( let def = $crate::table::group::$planned(def); )?
                )?
                def
            } ),*
        ];
    };
}

pub(crate) use option_group;

use super::{OptionDef, Status};

/// Marks an entry as working; refuses to compile if its field has another name. A `-` of the name is a
/// `_` in that of the field.
pub(crate) const fn ready(mut def: OptionDef, field: &str) -> OptionDef {
    let (name, field) = (def.name.as_bytes(), field.as_bytes());
    let mut i = 0;
    assert!(name.len() == field.len(), "the field of an option bears its name");
    while i < name.len() {
        let expected = if name[i] == b'-' { b'_' } else { name[i] };
        assert!(expected == field[i], "the field of an option bears its name");
        i += 1;
    }
    def.status = Status::Ready;
    def
}

/// Marks an entry whose value is understood, but that nothing carries out yet.
pub(crate) const fn planned(mut def: OptionDef) -> OptionDef {
    def.status = Status::Planned;
    def
}
