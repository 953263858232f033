//! Values with a grammar of their own: distributions, choices of files, NUMA nodes, kinds of memory.

mod reading;

use fiord_options::plan::{Distribution, IdRanges, NodeSet, NumaMemory, ZoneShare};
use fiord_options::value::Value;
use reading::{check, read, refuse};

#[test]
fn distributions_with_a_parameter() {
    for name in ["random_distribution", "file_service_type"] {
        check(name, "zipf", "zipf:1.1");
        check(name, "zipf:0", "zipf:0");
        check(name, "zipf:1.2:0.5", "zipf:1.2:0.5");
        check(name, "zipf:1e1", "zipf:10");
        check(name, "pareto", "pareto:0.2");
        check(name, "pareto:0.9:1", "pareto:0.9:1");
        check(name, "normal", "normal:0");
        check(name, "normal:20:0", "normal:20:0");
        check(name, "normal:20%:0.5", "normal:20:0.5");
        refuse(name, "zipf:1", "1", "theta other than 1");
        refuse(name, "zipf:", "", "a theta");
        refuse(name, "zipf:inf", "inf", "a theta");
        refuse(name, "zipf:1.2:2", "2", "a center from 0 to 1");
        refuse(name, "zipf:1.2:x", "x", "a center");
        refuse(name, "zipf:1.2:0.5:3", "3", "nothing more");
        refuse(name, "zipf:1.2,1.3", "1.2,1.3", "a theta");
        refuse(name, "pareto:0", "0", "above 0 and below 1");
        refuse(name, "pareto:1", "1", "above 0 and below 1");
        refuse(name, "normal:100", "100", "below 100");
        refuse(name, "zip", "zip", "did you mean 'zipf'?");
    }
    check("random_distribution", "random", "random");
    refuse("random_distribution", "random:3", "3", "nothing after");
    refuse("random_distribution", "gauss:20", "gauss", "one of random");
}

#[test]
fn zones_share_accesses_and_space() {
    let name = "random_distribution";
    check(name, "zoned:60/10:30/20:8/30:2/40", "zoned:60/10:30/20:8/30:2/40");
    // What is missing, or 0, is an equal part of the rest.
    check(name, "zoned:60/:40/", "zoned:60/50:40/50");
    check(name, "zoned:60/0:40/50", "zoned:60/50:40/50");
    check(name, "zoned:30:70", "zoned:30/50:70/50");
    check(name, "zoned:100:", "zoned:100/100");
    check(name, "zoned:50/20:50/30", "zoned:50/20:50/30");
    check(name, "zoned:0/50:100/50", "zoned:0/50:100/50");
    // One list is for all directions, of two the second is also for trims.
    check(name, "zoned:100/50,100/20", "zoned:100/50,100/20");
    check(name, "zoned:100/50,,100/20", "zoned:100/50,,100/20");
    let uniform_writes = read(name, "zoned:100/50,,100/20");
    let Ok(Value::Distribution(Distribution::Zoned(lists))) = uniform_writes else {
        panic!("{uniform_writes:?}");
    };
    let half = ZoneShare { access_percent: 100, size_percent: 50 };
    assert_eq!((lists.0[0].as_slice(), lists.0[1].len(), lists.0[2].len()), (&[half][..], 0, 1));

    refuse(name, "zoned", "zoned", "zoned:ACCESS/SIZE");
    refuse(name, "zoned:", "zoned:", "zoned:ACCESS/SIZE");
    refuse(name, "zoned:50/50", "50/50", "add up to 100; these are 50");
    refuse(name, "zoned:100/10,50/50:40/40", "50/50:40/40", "these are 90");
    refuse(name, "zoned:50/60:50/50", "50/60:50/50", "at most 100 percent; these are 110");
    refuse(name, "zoned:50%/50:50/50", "50%", "without a sign");
    refuse(name, "zoned:50.5/50:49.5/50", "50.5", "a percentage");
    refuse(name, "zoned:/50:100/50", "", "a percentage");
    refuse(name, "zoned:110/100", "110", "from 0 to 100");
    refuse(name, "zoned:100/1,100/1,100/1,100/1", "100/1", "at most three lists");
    let many = format!("zoned:100/1{}", ":0/0".repeat(300));
    refuse(name, &many, "0/0", "at most 256 zones");
}

#[test]
fn zones_of_bytes() {
    let name = "random_distribution";
    check(name, "zoned_abs:60/20g:40/1m", "zoned_abs:60/21474836480:40/1048576");
    check(name, "zoned_abs:100/0", "zoned_abs:100/0");
    check(name, "zoned_abs:50/4k:50/4k,100/1m", "zoned_abs:50/4096:50/4096,100/1048576");
    refuse(name, "zoned_abs:60/20g:30/1m", "60/20g:30/1m", "these are 90");
    refuse(name, "zoned_abs:60/:40/1m", "60/:40/1m", "ACCESS/BYTES for each zone");
    refuse(name, "zoned_abs:100/20%", "%", "a size suffix");
}

#[test]
fn sequences_of_blocks() {
    let name = "random_distribution";
    check(name, "sequence:5,0,3", "sequence:5,0,3");
    refuse(name, "sequence:1,x", "x", "a number");
    refuse(name, "sequence", "sequence", "sequence:BLOCK");
    refuse(name, &format!("sequence:{}", "1,".repeat(64) + "1"), "1", "at most 64 blocks");
}

#[test]
fn files_are_chosen_in_turn_or_at_random() {
    let name = "file_service_type";
    check(name, "roundrobin:4k", "roundrobin:4096");
    check(name, "sequential", "sequential");
    check(name, "random:1", "random");
    check(name, "gauss:20", "normal:20");
    refuse(name, "random:0", "0", "at least 1");
    refuse(name, "roundrobin:x", "x", "a number");
}

#[test]
fn nodes_and_memory_of_nodes() {
    check("numa_cpu_nodes", "all", "all");
    check("numa_cpu_nodes", "3,0-1,2", "0-3");
    check("numa_cpu_nodes", "!1", "!1");
    refuse("numa_cpu_nodes", "x", "x", "a number");
    let name = "numa_mem_policy";
    for text in ["default", "local", "prefer:0", "bind:0-3,7", "interleave:all", "bind:!2"] {
        check(name, text, text);
    }
    check(name, "interleave", "interleave:all");
    assert_eq!(read(name, "prefer:7"), Ok(Value::NumaMemory(NumaMemory::Prefer(7))));
    let bound = NumaMemory::Bind(NodeSet::Nodes(IdRanges(vec![(0, 1)])));
    assert_eq!(read(name, "bind:1,0"), Ok(Value::NumaMemory(bound)));
    refuse(name, "local:0", "0", "no nodes after 'local'");
    refuse(name, "prefer", "prefer", "prefer:NODE");
    refuse(name, "prefer:0,1", "0,1", "exactly one node");
    refuse(name, "bind", "bind", "bind:NODES");
    refuse(name, "preferred:0", "preferred", "did you mean 'prefer'?");
    refuse(name, "bind:x", "x", "a number");
}

#[test]
fn steady_states() {
    let name = "steadystate";
    check(name, "iops:300", "iops:300");
    check(name, "iops_slope:0.10%", "iops_slope:0.1%");
    check(name, "bw:1m", "bw:1048576");
    check(name, "bw_slope:2.5%", "bw_slope:2.5%");
    check(name, "lat:10", "lat:10us");
    check(name, "lat_slope:2ms", "lat_slope:2ms");
    check(name, "iops:101%", "iops:101%");
    refuse(name, "iops", "iops", "iops:LIMIT or iops:PERCENT%");
    refuse(name, "iops:", "iops:", "iops:LIMIT");
    refuse(name, "iops:%", "", "a number");
    refuse(name, "iops:-1", "-1", "at least 0");
    refuse(name, "iops:1%x", "1%x", "a number");
    refuse(name, "bw:1.5m", ".5m", "whole numbers");
    refuse(name, "lat:4000d", "4000d", "104 days");
    refuse(name, "latency:1", "latency", "one of iops");
}

#[test]
fn kinds_of_memory() {
    check("mem", "mmap:/dev/shm/x:y", "mmap:/dev/shm/x:y");
    check("iomem", "shmhuge", "shmhuge");
    refuse("mem", "mmap:", "", "a parameter after 'mmap:'");
    refuse("mem", "malloc:x", "x", "nothing after 'malloc'");
    refuse("mem", "mmaped", "mmaped", "did you mean");
}

#[test]
fn percentages_may_have_their_sign() {
    check("latency_percentile", "99.9%", "99.9");
    check("rwmixread", "70%", "70");
    refuse("latency_percentile", "%", "%", "a number");
    refuse("latency_percentile", "101%", "101", "from 0 to 100");
    refuse("spr_op", "15%", "15%", "a number");
}

#[test]
fn texts_are_not_empty() {
    for name in ["description", "filename", "opendir", "cgroup", "wait_for", "exec_prerun"] {
        assert!(read(name, "").is_err(), "{name}");
    }
}
