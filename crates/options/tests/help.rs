//! Help texts: complete, in the layout that programs read, and honest about what is not built.

use fiord_options::help::{cmdhelp, enghelp, usage};
use fiord_options::table::{self, Status};

#[test]
fn one_option_is_described() {
    let help = cmdhelp(Some("blocksize"));
    assert_eq!(help.error, None);
    let (rows, description) = help.text.split_once("\n\n").unwrap();
    assert_eq!(
        rows,
        "                  bs: Transfer size per direction\n\
         \x20              alias: blocksize\n\
         \x20               type: a number, or up to three as READ,WRITE,TRIM\n\
         \x20             syntax: also read:write or read-write (legacy separators)\n\
         \x20            default: 4096\n\
         \x20              range: min=1\n\
         \x20           category: I/O\n\
         \x20            refines: rw"
    );
    let mut lines = description.lines();
    assert!(lines.next().is_some_and(|line| line.starts_with("    The size of requests")));
    assert!(lines.all(|line| line.starts_with("    ") && line.len() <= 79), "{description}");
    let fallocate = cmdhelp(Some("fallocate")).text;
    assert!(fallocate.contains("        valid values: none     nothing is reserved\n"));
    assert!(fallocate.contains("                    : 1        same as posix\n"), "{fallocate}");
}

#[test]
fn what_is_not_built_says_so() {
    assert!(cmdhelp(Some("cgroup")).text.contains("status: planned, not built yet\n"));
    assert!(cmdhelp(Some("verifysort")).text.contains("status: accepted, without effect\n"));
    let removed = cmdhelp(Some("percentage_sequential")).text;
    assert!(removed.contains("status: removed; use percentage_random\n"), "{removed}");
    assert!(cmdhelp(Some("hipri")).text.contains("engine: io_uring, io_uring_cmd\n"));
}

#[test]
fn an_unknown_option_shows_the_closest() {
    let help = cmdhelp(Some("dirct"));
    assert!(help.text.starts_with("              direct: "), "{}", help.text);
    let message = "there is no option 'dirct'; the closest is 'direct'";
    assert_eq!(help.error.as_deref(), Some(message));
    let help = cmdhelp(Some("qqqqqqqq"));
    assert_eq!(help.text, "");
    assert!(help.error.is_some());
}

#[test]
fn all_lists_every_job_option_once() {
    let text = cmdhelp(Some("all")).text;
    assert_eq!(cmdhelp(None).text, text);
    let names: Vec<&str> = text
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert_eq!(names.len(), table::job_options().count());
    for def in table::job_options() {
        assert!(names.contains(&def.name), "{}", def.name);
    }
    let child = text.lines().find(|line| line.starts_with("  disable_clat"));
    assert!(child.is_some(), "children are indented");
}

#[test]
fn engines_are_listed_by_what_they_can() {
    let text = enghelp(None).text;
    let (ready, planned) = text.split_once("\nPlanned").unwrap();
    for engine in table::engines() {
        let listed = ready.contains(&format!("\t{}\n", engine.name));
        assert_eq!(listed, engine.status == Status::Ready, "{}", engine.name);
    }
    assert!(planned.contains("rados"));
}

#[test]
fn options_of_an_engine_are_listed() {
    let help = enghelp(Some("libaio"));
    assert!(help.text.contains("userspace_reap"));
    assert!(help.text.contains("cmdprio_bssplit"));
    let help = enghelp(Some("libaio,userspace_reap"));
    assert!(help.text.starts_with("      userspace_reap: "), "{}", help.text);
    let described = enghelp(Some("mmap")).text;
    assert!(described.contains("\n# Requests are copies from and to"), "{described}");
    assert_eq!(enghelp(Some("sync")).error, None);
    let error = |question| enghelp(Some(question)).error.unwrap();
    assert!(error("rados").contains("planned, not built yet"));
    assert!(error("solarisaio").contains("Solaris"));
    assert_eq!(error("psyn"), "IO engine psyn not found; did you mean 'psync'?");
    assert!(error("libaio,userspace_rep").contains("did you mean 'userspace_reap'?"));
}

#[test]
fn usage_lists_every_switch_within_the_width_of_a_terminal() {
    let text = usage("fiord");
    for def in table::switches() {
        let letter = def.short.unwrap();
        assert!(text.contains(&format!("  -{letter}, --{}", def.name)), "{}", def.name);
    }
    for line in text.lines() {
        assert!(line.len() <= 96, "{line}");
    }
}
