//! Reading and printing of values: the odd corners of the job language, and properties over random
//! text. `rows.rs` has a value of every option.

mod reading;

use fiord_options::table::{self, JobOptions, Status};
use fiord_options::value::{ParseContext, PatternPiece, Value, assemble, parse};
use proptest::prelude::*;
use reading::{check, def, read, refuse};

#[test]
fn options_of_engines_are_kept_as_canonical_text() {
    let mut options = JobOptions::default();
    for (name, text) in [("hipri", None), ("uncached", Some("1")), ("uncached", Some("2"))] {
        let def = table::engine_option("pvsync2", name).unwrap();
        assert_eq!(def.status, Status::Ready);
        let value = parse(def, text.map(str::as_bytes), &ParseContext::default()).unwrap();
        options.set(def, &value).unwrap();
    }
    let expected = [("hipri", "1"), ("uncached", "2")].map(|(n, t)| (n.to_owned(), t.to_owned()));
    assert_eq!(options.engine, expected);
    let other = table::engine_option("io_uring", "uncached").unwrap();
    assert_ne!(other.scope, table::engine_option("pvsync2", "uncached").unwrap().scope);
}

#[test]
fn options_without_a_field_cannot_be_stored() {
    for def in table::job_options()
        .filter(|def| matches!(def.status, Status::NoOp | Status::Removed { .. }))
    {
        assert!(JobOptions::default().set(def, &Value::Bool(true)).is_err(), "{}", def.name);
    }
}

#[test]
fn words_that_are_not_built_are_known() {
    let value = read("zonemode", "zbd").unwrap();
    assert_eq!(def("zonemode").value_status(&value), Status::Planned);
    let value = read("ioengine", "rados").unwrap();
    assert_eq!(def("ioengine").value_status(&value), Status::Planned);
    let value = read("ioengine", "sync").unwrap();
    assert_eq!(def("ioengine").value_status(&value), Status::Ready);
}

#[test]
fn sizes_follow_kb_base() {
    for (text, binary, decimal) in [
        ("4k", 4096, 4000),
        ("4K", 4096, 4000),
        ("4kb", 4096, 4000),
        ("4ki", 4096, 4000),
        ("4kib", 4000, 4096),
        ("4KiB", 4000, 4096),
        ("1m", 1 << 20, 1_000_000),
        ("1mib", 1_000_000, 1 << 20),
        ("2g", 2 << 30, 2_000_000_000),
        ("1t", 1 << 40, 1_000_000_000_000),
        ("1p", 1 << 50, 1_000_000_000_000_000),
        ("512b", 512, 512),
        ("512", 512, 512),
        ("0x1000", 4096, 4096),
        ("0X10k", 16384, 16000),
        ("+4k", 4096, 4000),
        (" 4k ", 4096, 4000),
        ("(2*2)k", 4096, 4096),
    ] {
        let read =
            |kb_base| parse(def("number_ios"), Some(text.as_bytes()), &ParseContext { kb_base });
        assert_eq!(read(1024), Ok(Value::Bytes(binary)), "{text}");
        assert_eq!(read(1000), Ok(Value::Bytes(decimal)), "{text}");
    }
}

#[test]
fn engine_options_ignore_kb_base() {
    let ctx = ParseContext { kb_base: 1000 };
    assert_eq!(parse(def("force_async"), Some(b"4k"), &ctx), Ok(Value::Int(4096)));
}

#[test]
fn unknown_units_are_refused() {
    refuse("number_ios", "4x", "x", "size suffix");
    refuse("number_ios", "4k8", "k8", "size suffix");
    refuse("size", "1.5g", ".5g", "whole numbers");
    check("rwmixread", "70%", "70");
    refuse("rwmixread", "101%", "101%", "from 0 to 100");
    refuse("rwmixread", "%", "%", "a number");
    refuse("bs", "50%", "%", "for size, io_size and offsets only");
    refuse("bs", "2z", "z", "for size, io_size and offsets only");
    refuse("runtime", "5min", "min", "minutes are 'm'");
    refuse("runtime", "1.5s", ".5s", "1500ms");
    refuse("size", "k", "k", "bytes, a percentage");
    refuse("size", "0x", "0x", "bytes, a percentage");
}

#[test]
fn numbers_out_of_range_name_the_range() {
    refuse("rwmixread", "101", "101", "from 0 to 100");
    refuse("iodepth", "0", "0", "from 1 to 4294967295");
    refuse("iodepth", "5g", "5g", "from 1 to 4294967295");
    refuse("bs", "4k,0", "0", "at least 1");
    refuse("nice", "-21", "-21", "from -20 to 19");
    refuse("number_ios", "18446744073709551616", "18446744073709551616", "64 bits");
    refuse("number_ios", &"9".repeat(60), &"9".repeat(60), "64 bits");
    refuse("number_ios", "99999999999999999p", "99999999999999999p", "64 bits");
    check("number_ios", "18446744073709551615", "18446744073709551615");
    refuse("percentile_list", "50:101", "101", "from 0 to 100");
    refuse("percentile_list", "50:nan", "nan", "a number");
    refuse("direct", "2", "2", "0 or 1");
    refuse("direct", "yes", "yes", "write 1");
}

#[test]
fn times_have_units_and_defaults() {
    check("runtime", "10", "10s");
    check("runtime", "10S", "10s");
    check("runtime", "2m", "120s");
    check("runtime", "1h", "3600s");
    check("runtime", "1d", "86400s");
    check("runtime", "1500ms", "1500ms");
    check("runtime", "1msec", "1ms");
    check("runtime", "7us", "7us");
    check("runtime", "7usec", "7us");
    check("runtime", "0", "0");
    check("thinktime", "10", "10us");
    check("thinktime", "10s", "10s");
    check("max_latency", "10ms,20", "10ms,20us");
    check("startdelay", "5", "5s");
    check("startdelay", "5s-500ms", "500ms-5s");
    refuse("runtime", "-5", "-5", "not negative");
    refuse("runtime", "99999999999999999999d", "99999999999999999999d", "584 years");
}

#[test]
fn per_direction_lists_have_the_legacy_separators() {
    check("bs", "4k", "4096");
    check("bs", "4k-8k", "4096,8192");
    check("bs", "4k:8k", "4096,8192");
    check("bs", "4k,8k,16k", "4096,8192,16384");
    check("bs", "4k-8k-16k", "4096,8192,16384");
    check("bs", ",8k", ",8192");
    check("bs", "8k,", "8192,");
    check("bs", "8k,,16k", "8192,,16384");
    check("bs", ",,16k", ",,16384");
    check("bs", "(4*1024),(16-8)k", "4096,8192");
    refuse("bs", ",", ",", "at least one value");
    refuse("bs", "1,2,3,4", "4", "at most 3 values");
    refuse("bs", "", "", "a number");
    refuse("cmdprio_percentage", "10,20,30", "30", "at most 2 values");
    check("bsrange", "4k:8k,16k-32k", "4096-8192,16384-32768");
    check("bsrange", ",1k-2k", ",1024-2048");
    refuse("bsrange", "4k-", "", "a number");
    refuse("bsrange", "4k-8k-16k", "4k-8k-16k", "LOW-HIGH");
}

#[test]
fn flags_and_prefixes_may_stand_alone() {
    let ctx = ParseContext::default();
    assert_eq!(parse(def("time_based"), None, &ctx), Ok(Value::Bool(true)));
    assert_eq!(parse(def("write_bw_log"), None, &ctx), Ok(Value::Nothing));
    let error = parse(def("bs"), None, &ctx).unwrap_err();
    assert_eq!(error.hint.as_deref(), Some("write bs=VALUE"));
    assert!(parse(def("direct"), None, &ctx).is_err());
    assert_eq!(read("norandommap", "2"), Ok(Value::Bool(true)));
    refuse("time_based", "yes", "yes", "write 1");
}

#[test]
fn words_are_exact_and_suggest_the_nearest() {
    refuse("rw", "Read", "Read", "did you mean 'read'?");
    refuse("rw", "ranread", "ranread", "did you mean 'randread'?");
    refuse("steadystate", "iops", "iops", "iops:LIMIT");
    refuse("sync", "sync:1", "1", "nothing after 'sync'");
    refuse("ioengine", "libiao", "libiao", "did you mean 'libaio'?");
    refuse("ioengine", "external", "external", "external:PATH");
    check("ioengine", "linuxaio", "libaio");
    check("ioengine", "external:/x/y.so", "external:/x/y.so");
    check("rw", "readwrite", "rw");
    check("rw", "write:4k", "write:4096");
    check("rw", "write:-8k", "write:-8192");
    refuse("rw", "randread:0", "0", "from 1 to 4294967295");
    refuse("rw", "randread:", "", "a number");
    check("sync_file_range", "write,write", "write");
    refuse("sync_file_range", "write,", "", "one of wait_before");
    refuse("sync_file_range", "write:0", "0", "from 1");
}

#[test]
fn names_have_escaped_colons() {
    let names = |text: &str| match read("filename", text) {
        Ok(Value::Names(names)) => {
            names.iter().map(|n| n.to_str().unwrap().to_owned()).collect::<Vec<_>>()
        }
        other => panic!("{text}: {other:?}"),
    };
    assert_eq!(names("/a:/b"), ["/a", "/b"]);
    assert_eq!(names("/dev/disk/pci-0\\:1:/b"), ["/dev/disk/pci-0:1", "/b"]);
    assert_eq!(names(":/a"), ["/a"]);
    assert_eq!(names("a\\b:c\\"), ["a\\b", "c\\"]);
    check("filename", "a\\:b:c", "a\\:b:c");
}

#[test]
fn split_shares_are_filled_in() {
    check("bssplit", "4k", "4096/100");
    check("bssplit", "4k:8k", "4096/50:8192/50");
    check("bssplit", "4k/20:8k/30:16k", "4096/20:8192/30:16384/50");
    check("bssplit", "4k/0:8k/100", "4096/0:8192/100");
    check("bssplit", "4k/:8k/", "4096/50:8192/50");
    check("bssplit", "4k/50%:8k/150", "4096/50:8192/100");
    check("bssplit", "4k/50:64k/50,8k", "4096/50:65536/50,8192/100");
    check("bssplit", ",8k", ",8192/100");
    check("bssplit", "8k,,4k", "8192/100,,4096/100");
    let long = vec!["4k"; 65].join(":");
    refuse("bssplit", &long, "4k", "at most 64 sizes");
    check("cmdprio_bssplit", "4k/10:8k/20/1/4,4k/30/2/0/3", "4096/10:8192/20/1/4,4096/30/2/0/3");
    refuse("cmdprio_bssplit", "4k/10/1", "4k/10/1", "CLASS/LEVEL");
}

#[test]
fn arithmetic_is_evaluated() {
    for (text, result) in [
        ("(4096)", 4096),
        ("(2*(3+4))", 14),
        ("(1+2*3^2)", 19),
        ("(2^3^2)", 512),
        ("(7%4*2)", 6),
        ("(10-4-3)", 3),
        ("(100/8/2)", 6),
        ("(4k*2)", 8192),
        ("(2*4k)", 8192),
        ("(2*4)kib", 8000),
        ("(1.5*1024)", 1536),
        ("(3/2.0)", 1),
        ("(1e3+1)", 1001),
        ("(0x10+0XF)", 31),
        ("(-4+8)", 4),
        ("( 1 + 1 ) * 3", 6),
        ("(2)^3", 8),
        ("(5) # why", 5),
    ] {
        check("number_ios", text, &result.to_string());
    }
    check("runtime", "(1+1)", "2s");
    check("runtime", "(1m+30s)", "90s");
    check("runtime", "(2*500ms)", "1s");
    check("thinktime", "(2*3)", "6us");
    refuse("number_ios", "(1/0)", "/0", "other than zero");
    refuse("number_ios", "(1%0)", "%0", "other than zero");
    refuse("number_ios", "(1.5%2)", "%2", "integers");
    refuse("number_ios", "(1+)", ")", "a number or '('");
    refuse("number_ios", "(1", "", "')'");
    refuse("number_ios", "(1)2", "2", "an operator");
    refuse("number_ios", "(2^200)", "^200", "64 bits");
    refuse("number_ios", "(1-2)", "(1-2)", "at least 0");
    refuse("number_ios", "(1)q", "q", "size suffix");
    assert!(read("number_ios", &"(".repeat(5000)).is_err());
    assert!(read("number_ios", &format!("({}1)", "-".repeat(5000))).is_err());
}

#[test]
fn patterns_are_strings_numbers_and_files() {
    let bytes = |text: &str| {
        let Ok(Value::Pattern(pieces)) = read("verify_pattern", text) else {
            panic!("{text}");
        };
        assemble(&pieces, |name, _| Ok([b"<", name, b">"].concat())).unwrap()
    };
    assert_eq!(bytes("\"abcd\""), (b"abcd".to_vec(), vec![]));
    assert_eq!(bytes("66"), (vec![66], vec![]));
    assert_eq!(bytes("-1024"), (vec![0, 0xfc, 0xff, 0xff], vec![]));
    assert_eq!(bytes("0"), (vec![0], vec![]));
    assert_eq!(bytes("0xdeadbeef"), (vec![0xde, 0xad, 0xbe, 0xef], vec![]));
    assert_eq!(bytes("0xabc"), (vec![0xa, 0xbc], vec![]));
    assert_eq!(bytes("0xff0x11"), (vec![0xff, 0x11], vec![]));
    assert_eq!(bytes("'f'"), (b"<f>".to_vec(), vec![]));
    let mixed = [&[0xf6, 0xff, 0xff, 0xff, 0xab, b'1'][..], &[0; 8], b"2"].concat();
    assert_eq!(bytes("-100xab\"1\"%o\"2\""), (mixed, vec![6]));
    refuse("buffer_pattern", "%o", "%o", "only verify_pattern");
    refuse("buffer_pattern", "abcd", "abcd", "write 0xabcd");
    refuse("buffer_pattern", "\"abc", "\"abc", "closing");
    refuse("buffer_pattern", "0xzz", "0xzz", "hexadecimal digits");
    refuse("buffer_pattern", "4294967296", "4294967296", "32 bits");
    let file = [PatternPiece::File(b"x".to_vec())];
    assert!(assemble(&file, |_, _| Err(std::io::ErrorKind::NotFound.into())).is_err());
    assert!(assemble(&file, |_, _| Ok(Vec::new())).is_err(), "an empty pattern");
}

#[test]
fn errors_have_names_and_numbers() {
    check("ignore_error", "EIO", "EIO");
    check("ignore_error", "-5:0x1c", "EIO:ENOSPC");
    check("ignore_error", ",EAGAIN", ",EAGAIN");
    check("ignore_error", "EWOULDBLOCK,,EILSEQ", "EAGAIN,,EILSEQ");
    refuse("ignore_error", "EI0", "EI0", "did you mean 'EIO'?");
    refuse("ignore_error", "0", "0", "name of an error");
    refuse("ignore_error", "1,2,3,4", "4", "three lists");
    refuse("ignore_error", ",", ",", "at least one error");
}

#[test]
fn id_lists_are_sorted_and_joined() {
    check("plids", "4-7,1,2,5-9", "1-2,4-9");
    check("cpus_allowed", "0-3,7", "0-3,7");
    refuse("cpus_allowed", "3-0", "3-0", "smaller one");
    refuse("plids", "70000", "70000", "65535");
}

/// A value of every option.
fn values_of_options() -> Vec<&'static str> {
    let lines = include_str!("data/values.txt").lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.split('|').nth(3)).collect()
}

/// Text that resembles values more often than random bytes do.
fn valuelike() -> impl Strategy<Value = Vec<u8>> {
    let token = prop_oneof![
        (0_u64..5_000_000_000).prop_map(|n| n.to_string()),
        any::<u64>().prop_map(|n| format!("{n:#x}")),
        (0.0..101.0).prop_map(|f: f64| f.to_string()),
        prop::sample::select(vec![
            ",",
            ":",
            "-",
            "/",
            "%",
            "z",
            "k",
            "kib",
            "m",
            "s",
            "ms",
            "us",
            "d",
            "(",
            ")",
            "+",
            "*",
            "^",
            "\"",
            "'",
            "%o",
            "\\",
            "0x",
            " ",
            ".",
            "EIO",
            "read",
            "write",
            "randrw",
            "trimwrite",
            "none",
            "wait_before",
            "zipf",
            "posix",
            "sync",
            "psync",
            "external:",
        ])
        .prop_map(str::to_owned),
    ];
    let tokens = prop::collection::vec(token, 0..8).prop_map(|t| t.concat().into_bytes());
    prop_oneof![
        4 => tokens,
        1 => prop::collection::vec(any::<u8>(), 0..40),
        2 => prop::sample::select(values_of_options()).prop_map(|text| text.as_bytes().to_vec()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 400 } else { 4000 }))]

    #[test]
    fn what_is_printed_reads_as_the_same_value(text in valuelike(), decimal in any::<bool>()) {
        let ctx = ParseContext { kb_base: if decimal { 1000 } else { 1024 } };
        for def in table::all() {
            match parse(def, Some(&text), &ctx) {
                Ok(value) => {
                    let printed = value.to_bytes();
                    prop_assert_eq!(
                        parse(def, Some(&printed), &ctx),
                        Ok(value),
                        "{}={}",
                        def.name,
                        String::from_utf8_lossy(&printed)
                    );
                }
                Err(error) => {
                    prop_assert!(error.span.start <= error.span.end);
                    prop_assert!(error.span.end <= text.len(), "{}: {:?}", def.name, error);
                }
            }
        }
    }
}
