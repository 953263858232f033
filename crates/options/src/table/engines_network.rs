//! Options of the engines that talk to other machines.

use super::{Choice, INT, OptionDef, TEXT, ValueKind};

const PROTOCOL: &[Choice] = &[
    Choice::new("tcp", "TCP over IPv4"),
    Choice::new("tcpv6", "TCP over IPv6"),
    Choice::new("udp", "UDP over IPv4"),
    Choice::new("udpv6", "UDP over IPv6"),
    Choice::new("unix", "UNIX domain socket"),
    Choice::new("vsock", "virtual machine socket"),
];

const HTTPS: &[Choice] = &[
    Choice::new("off", "plain HTTP"),
    Choice::new("on", "TLS"),
    Choice::new("insecure", "TLS without checking the certificate"),
];

const HTTP_MODE: &[Choice] = &[
    Choice::new("webdav", "WebDAV"),
    Choice::new("s3", "S3"),
    Choice::new("swift", "OpenStack Swift"),
];

const HTTP_OBJECT_MODE: &[Choice] =
    &[Choice::new("block", "one object per block"), Choice::new("range", "ranges of one object")];

const VERB: &[Choice] = &[
    Choice::new("write", "RDMA write"),
    Choice::new("read", "RDMA read"),
    Choice::new("send", "send to a receiver"),
    Choice::new("recv", "receive from a sender"),
];

/// Options of the engines that talk to other machines.
pub(crate) static ENGINES_NETWORK: &[OptionDef] = &[
    OptionDef::new("hostname", TEXT, "Peer host, multicast group, or VM context id")
        .engine(&["net", "netsplice"])
        .category("Engines/net"),
    OptionDef::new("port", ValueKind::Int { min: 1, max: 65535 }, "TCP/UDP/VSOCK port")
        .engine(&["net", "netsplice"])
        .category("Engines/net"),
    OptionDef::new("protocol", ValueKind::Choice(PROTOCOL), "Transport")
        .alias(&["proto"])
        .default("tcp")
        .engine(&["net", "netsplice"])
        .category("Engines/net"),
    OptionDef::new("nodelay", ValueKind::Bool, "Disable Nagle")
        .engine(&["net", "netsplice"])
        .category("Engines/net"),
    OptionDef::new("listen", ValueKind::Flag, "Act as the accepting side")
        .engine(&["net", "netsplice"])
        .category("Engines/net"),
    OptionDef::new("pingpong", ValueKind::Flag, "Echo each request back before the next")
        .engine(&["net", "netsplice"])
        .category("Engines/net"),
    OptionDef::new("interface", TEXT, "Local address of the interface for multicast")
        .engine(&["net", "netsplice"])
        .category("Engines/net"),
    OptionDef::new("ttl", INT, "Multicast time to live")
        .default("1")
        .engine(&["net", "netsplice"])
        .category("Engines/net"),
    OptionDef::new("window_size", INT, "Socket buffer size")
        .engine(&["net", "netsplice"])
        .category("Engines/net"),
    OptionDef::new("mss", INT, "TCP segment size limit")
        .engine(&["net", "netsplice"])
        .category("Engines/net"),
    OptionDef::new("https", ValueKind::Choice(HTTPS), "Use TLS")
        .default("off")
        .engine(&["http"])
        .category("Engines"),
    OptionDef::new("http_host", TEXT, "Server or bucket host")
        .default("localhost")
        .engine(&["http"])
        .category("Engines"),
    OptionDef::new("http_user", TEXT, "User name").engine(&["http"]).category("Engines"),
    OptionDef::new("http_pass", TEXT, "Password").engine(&["http"]).category("Engines"),
    OptionDef::new("http_s3_key", TEXT, "S3 secret key").engine(&["http"]).category("Engines"),
    OptionDef::new("http_s3_keyid", TEXT, "S3 key id").engine(&["http"]).category("Engines"),
    OptionDef::new("http_s3_security_token", TEXT, "S3 session token")
        .since("3.41")
        .engine(&["http"])
        .category("Engines"),
    OptionDef::new("http_swift_auth_token", TEXT, "Swift token")
        .engine(&["http"])
        .category("Engines"),
    OptionDef::new("http_s3_region", TEXT, "S3 region")
        .default("us-east-1")
        .engine(&["http"])
        .category("Engines"),
    OptionDef::new("http_s3_sse_customer_key", TEXT, "Key for server-side encryption")
        .engine(&["http"])
        .category("Engines"),
    OptionDef::new("http_s3_sse_customer_algorithm", TEXT, "Algorithm for that key")
        .default("AES256")
        .engine(&["http"])
        .category("Engines"),
    OptionDef::new("http_s3_storage_class", TEXT, "Storage class header")
        .default("STANDARD")
        .engine(&["http"])
        .category("Engines"),
    OptionDef::new("http_mode", ValueKind::Choice(HTTP_MODE), "Protocol flavour")
        .default("webdav")
        .engine(&["http"])
        .category("Engines"),
    OptionDef::new("http_verbose", INT, "libcurl verbosity")
        .default("0")
        .engine(&["http"])
        .category("Engines"),
    OptionDef::new(
        "http_object_mode",
        ValueKind::Choice(HTTP_OBJECT_MODE),
        "One object per block, or ranged reads of one object",
    )
    .default("block")
    .since("3.41")
    .engine(&["http"])
    .category("Engines"),
    OptionDef::new("namenode", TEXT, "HDFS name node host")
        .default("localhost")
        .engine(&["libhdfs"])
        .category("Engines"),
    OptionDef::new("hostname", TEXT, "Older spelling of namenode")
        .default("localhost")
        .engine(&["libhdfs"])
        .category("Engines"),
    OptionDef::new("port", ValueKind::Int { min: 1, max: 65535 }, "Name node port")
        .default("9000")
        .engine(&["libhdfs"])
        .category("Engines"),
    OptionDef::new("hdfsdirectory", TEXT, "Directory for chunk files")
        .default("/")
        .engine(&["libhdfs"])
        .category("Engines"),
    OptionDef::new("chunk_size", INT, "Chunk file size")
        .alias(&["chunck_size"])
        .default("1048576")
        .engine(&["libhdfs"])
        .category("Engines"),
    OptionDef::new("single_instance", ValueKind::Bool, "One connection for all threads")
        .default("1")
        .engine(&["libhdfs"])
        .category("Engines"),
    OptionDef::new("hdfs_use_direct", ValueKind::Bool, "Use direct reads")
        .default("0")
        .engine(&["libhdfs"])
        .category("Engines"),
    OptionDef::new("initiator", TEXT, "iSCSI initiator name; target URL is the filename")
        .default("iqn.2019-04.org.fio:fio")
        .engine(&["libiscsi"])
        .category("Engines"),
    OptionDef::new("uri", TEXT, "NBD server URI").engine(&["nbd"]).category("Engines"),
    OptionDef::new("nfs_url", TEXT, "libnfs URL of the export")
        .engine(&["nfs"])
        .category("Engines"),
    OptionDef::new("hostname", TEXT, "Peer host (absent on the listening side)")
        .engine(&["rdma"])
        .category("Engines"),
    OptionDef::new("bindname", TEXT, "Local address to bind").engine(&["rdma"]).category("Engines"),
    OptionDef::new("port", ValueKind::Int { min: 1, max: 65535 }, "Connection port")
        .engine(&["rdma"])
        .category("Engines"),
    OptionDef::new("verb", ValueKind::Choice(VERB), "RDMA operation used")
        .alias(&["proto"])
        .default("write")
        .engine(&["rdma"])
        .category("Engines"),
];
