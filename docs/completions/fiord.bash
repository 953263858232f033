# Completion of fiord for bash, made from the option table.
# Source this file, or put it into ~/.local/share/bash-completion/completions/fiord.

_fiord_commands='quick check plan man completions reference'
_fiord_job_commands='check plan'

_fiord_options='
--output=
--output-format=
--minimal
--append-terse
--terse-version=
--eta=
--eta-interval=
--eta-newline=
--status-interval=
--section=
--readonly
--parse-only
--showcmd
--warnings-fatal
--cmdhelp
--enghelp
--version
--help
--bandwidth-log
--debug=
--merge-blktrace-only
--inflate-log=
--profile=
--server
--daemonize=
--client=
--remote-config=
--idle-prof=
--trigger-file=
--trigger-timeout=
--trigger=
--trigger-remote=
--aux-path=
--cpuclock-test
--crctest
--memcpytest
--description=
--name=
--wait_for=
--loops=
--numjobs=
--startdelay=
--runtime=
--timeout=
--time_based
--verify_only
--ramp_time=
--ramp_size=
--clocksource=
--exec_prerun=
--exec_postrun=
--lockmem=
--comm=
--nice=
--prio=
--prioclass=
--priohint=
--cpumask=
--cpus_allowed=
--cpus_allowed_policy=
--numa_cpu_nodes=
--numa_mem_policy=
--exitall
--exit_what=
--exitall_on_error
--stonewall
--wait_for_previous
--new_group
--thread
--gtod_cpu=
--job_start_clock_id=
--continue_on_error=
--ignore_error=
--error_dump=
--profile=
--cgroup=
--cgroup_nodelete=
--cgroup_weight=
--uid=
--gid=
--hugepage-size=
--steadystate=
--ss=
--steadystate_duration=
--ss_dur=
--steadystate_ramp_time=
--ss_ramp=
--steadystate_check_interval=
--ss_interval=
--filename=
--filetype=
--directory=
--filename_format=
--unique_filename=
--lockfile=
--opendir=
--fill_device=
--fill_fs=
--filesize=
--file_append=
--nrfiles=
--nr_files=
--openfiles=
--file_service_type=
--fallocate=
--fadvise_hint=
--fsync=
--fdatasync=
--sync_file_range=
--overwrite=
--ioscheduler=
--write_hint=
--create_serialize=
--create_fsync=
--create_on_open=
--create_only=
--allow_file_create=
--allow_mounted_write=
--pre_read=
--end_fsync=
--fsync_on_close=
--end_syncfs=
--unlink=
--unlink_each_loop=
--rw=
--readwrite=
--rw_sequencer=
--ioengine=
--iodepth=
--iodepth_batch=
--iodepth_batch_submit=
--iodepth_batch_complete_min=
--iodepth_batch_complete=
--iodepth_batch_complete_max=
--iodepth_low=
--serialize_overlap=
--io_submit_mode=
--size=
--io_size=
--io_limit=
--offset=
--fileoffset=
--offset_align=
--offset_increment=
--number_ios=
--num_range=
--bs=
--blocksize=
--ba=
--blockalign=
--bsrange=
--blocksize_range=
--bssplit=
--bs_unaligned
--blocksize_unaligned
--bs_is_seq_rand=
--write_barrier=
--direct=
--atomic=
--buffered=
--mem=
--iomem=
--iomem_align=
--mem_align=
--invalidate=
--sync=
--randrepeat=
--allrandrepeat=
--randseed=
--norandommap
--softrandommap=
--sprandom=
--spr_num_regions=
--spr_op=
--spr_cs=
--random_generator=
--random_distribution=
--random_sequence_stride=
--percentage_random=
--rwmixread=
--rwmixwrite=
--thinktime=
--thinktime_spin=
--thinkcycles=
--thinktime_blocks=
--thinktime_blocks_type=
--thinktime_iotime=
--rate=
--rate_min=
--ratemin=
--rate_iops=
--rate_iops_min=
--rate_process=
--rate_cycle=
--ratecycle=
--rate_ignore_thinktime=
--max_latency=
--latency_target=
--latency_window=
--latency_percentile=
--latency_run=
--flow_id=
--flow=
--flow_sleep=
--verify=
--do_verify=
--verify_policy=
--verify_interval=
--verify_offset=
--verify_pattern=
--verify_pattern_interval=
--verify_fatal=
--verify_dump=
--verify_async=
--verify_backlog=
--verify_backlog_batch=
--verify_async_cpus=
--experimental_verify=
--verify_state_load=
--verify_state_save=
--verify_journal=
--verify_write_sequence=
--verify_header_seed=
--trim_percentage=
--trim_verify_zero=
--trim_backlog=
--trim_backlog_batch=
--write_iolog=
--read_iolog=
--read_iolog_chunked=
--replay_no_stall=
--replay_redirect=
--replay_scale=
--replay_align=
--replay_time_scale=
--replay_skip=
--merge_blktrace_file=
--merge_blktrace_scalars=
--merge_blktrace_iters=
--zonemode=
--zonesize=
--zonecapacity=
--zonerange=
--zoneskip=
--read_beyond_wp=
--max_open_zones=
--job_max_open_zones=
--ignore_zone_limits=
--zone_reset_threshold=
--zone_reset_frequency=
--recover_zbd_write_error=
--write_zone_remainder=
--fdp=
--dataplacement=
--data_placement=
--plid_select=
--fdp_pli_select=
--plids=
--fdp_pli=
--dp_scheme=
--zero_buffers
--refill_buffers
--scramble_buffers=
--buffer_pattern=
--buffer_compress_percentage=
--buffer_compress_chunk=
--dedupe_percentage=
--dedupe_global=
--dedupe_mode=
--dedupe_working_set_percentage=
--group_reporting
--stats=
--clat_percentiles=
--lat_percentiles=
--slat_percentiles=
--percentile_list=
--significant_figures=
--disk_util=
--gtod_reduce=
--disable_lat=
--disable_clat=
--disable_slat=
--disable_bw_measurement=
--disable_bw=
--unified_rw_reporting=
--kb_base=
--unit_base=
--per_job_logs=
--write_bw_log
--write_lat_log
--write_iops_log
--log_entries=
--log_avg_msec=
--log_hist_msec=
--log_hist_coarseness=
--write_hist_log
--log_window_value=
--log_max_value=
--log_offset=
--log_prio=
--log_issue_time=
--log_compression=
--log_compression_cpus=
--log_store_compressed=
--log_alternate_epoch=
--log_unix_epoch=
--log_alternate_epoch_clock_id=
--block_error_percentiles=
--bwavgtime=
--iopsavgtime=
'

_fiord_lists='output-format debug memcpytest sync_file_range replay_skip'

_fiord_switches_of() {
    case $1 in
        quick) echo '--runtime= --size= --output-format= --output= --show --help' ;;
        check) echo '--explain= --list --format= --deny-warnings --allow= --help' ;;
        plan) echo '--format= --help' ;;
        man) echo '--help' ;;
        completions) echo '--help' ;;
        reference) echo '--help' ;;
    esac
}

_fiord_words_of() {
    case $1 in
        completions) echo 'bash zsh fish' ;;
    esac
}

_fiord_command_values() {
    case $1 in
        quick/output-format) echo 'normal json json+' ;;
        check/format) echo 'text json' ;;
        plan/format) echo 'text json job' ;;
    esac
}

_fiord_options_of() {
    case $1 in
        pvsync2) echo '--hipri --hipri_percentage= --uncached= --nowait=' ;;
        libaio) echo '--userspace_reap --libaio_vectored= --nowait= --cmdprio_percentage= --cmdprio_class= --cmdprio_hint= --cmdprio= --cmdprio_bssplit=' ;;
        mmap) echo '--thp=' ;;
        sg) echo '--hipri --readfua= --writefua= --sg_write_mode= --stream_id=' ;;
        cpuio) echo '--cpuload= --cpumode= --cpuchunks= --exit_on_io_done=' ;;
        e4defrag) echo '--donorname= --inplace=' ;;
        filestat) echo '--stat_type=' ;;
        dirstat) echo '--stat_type=' ;;
        mtd) echo '--skip_bad=' ;;
        exec) echo '--program= --arguments= --grace_time= --std_redirect=' ;;
        windowsaio) echo '--no_completion_thread' ;;
        io_uring) echo '--hipri --readfua= --writefua= --write_mode= --verify_mode= --fixedbufs --registerfiles --sqthread_poll --sqthread_poll_cpu= --nonvectored= --uncached= --nowait= --force_async= --cmd_type= --cdb_len= --verify_bytchk= --read_mode= --cmdprio_percentage= --cmdprio_class= --cmdprio_hint= --cmdprio= --cmdprio_bssplit= --md_per_io_size= --pi_act= --pi_chk= --apptag= --apptag_mask= --deac=' ;;
        io_uring_cmd) echo '--hipri --readfua= --writefua= --write_mode= --verify_mode= --fixedbufs --registerfiles --sqthread_poll --sqthread_poll_cpu= --nonvectored= --uncached= --nowait= --force_async= --cmd_type= --cdb_len= --verify_bytchk= --read_mode= --cmdprio_percentage= --cmdprio_class= --cmdprio_hint= --cmdprio= --cmdprio_bssplit= --md_per_io_size= --pi_act= --pi_chk= --apptag= --apptag_mask= --deac=' ;;
        net) echo '--hostname= --port= --protocol= --nodelay= --listen --pingpong --interface= --ttl= --window_size= --mss=' ;;
        netsplice) echo '--hostname= --port= --protocol= --nodelay= --listen --pingpong --interface= --ttl= --window_size= --mss=' ;;
        http) echo '--https= --http_host= --http_user= --http_pass= --http_s3_key= --http_s3_keyid= --http_s3_security_token= --http_swift_auth_token= --http_s3_region= --http_s3_sse_customer_key= --http_s3_sse_customer_algorithm= --http_s3_storage_class= --http_mode= --http_verbose= --http_object_mode=' ;;
        libhdfs) echo '--namenode= --hostname= --port= --hdfsdirectory= --chunk_size= --single_instance= --hdfs_use_direct=' ;;
        libiscsi) echo '--initiator=' ;;
        nbd) echo '--uri=' ;;
        nfs) echo '--nfs_url=' ;;
        rdma) echo '--hostname= --bindname= --port= --verb=' ;;
        dfs) echo '--pool= --cont= --chunk_size= --object_class= --svcl=' ;;
        gfapi) echo '--volume= --brick= --single-instance=' ;;
        gfapi_async) echo '--volume= --brick= --single-instance=' ;;
        libblkio) echo '--libblkio_driver= --libblkio_path= --libblkio_pre_connect_props= --libblkio_num_entries= --libblkio_queue_size= --libblkio_pre_start_props= --hipri --libblkio_vectored --libblkio_write_zeroes_on_trim --libblkio_wait_mode= --libblkio_force_enable_completion_eventfd' ;;
        libcufile) echo '--gpu_dev_ids= --cuda_io=' ;;
        libhipfile) echo '--gpu_dev_ids= --rocm_io=' ;;
        rados) echo '--clustername= --pool= --clientname= --conf= --busy_poll= --touch_objects=' ;;
        rbd) echo '--clustername= --busy_poll= --rbdname= --pool= --clientname= --rbd_encryption_format= --rbd_encryption_passphrase=' ;;
        xnvme) echo '--hipri --sqthread_poll --xnvme_be= --xnvme_mem= --xnvme_async= --xnvme_sync= --xnvme_admin= --xnvme_dev_nsid= --xnvme_dev_subnqn= --xnvme_iovec --md_per_io_size= --pi_act= --pi_chk= --apptag= --apptag_mask=' ;;
    esac
}

_fiord_values() {
    case $1 in
        output-format) echo 'normal terse minimal csv json json+' ;;
        terse-version) echo '2 3 4 5' ;;
        eta) echo 'always never auto' ;;
        cmdhelp) echo 'all description name wait_for loops numjobs startdelay runtime time_based verify_only ramp_time ramp_size clocksource exec_prerun exec_postrun lockmem comm nice prio prioclass priohint cpumask cpus_allowed cpus_allowed_policy numa_cpu_nodes numa_mem_policy exitall exit_what exitall_on_error stonewall new_group thread gtod_cpu job_start_clock_id continue_on_error ignore_error error_dump profile cgroup cgroup_nodelete cgroup_weight uid gid hugepage-size steadystate steadystate_duration steadystate_ramp_time steadystate_check_interval gpu_dev_id filename filetype directory filename_format unique_filename lockfile opendir fill_device filesize file_append nrfiles openfiles file_service_type fallocate fadvise_hint fsync fdatasync sync_file_range overwrite ioscheduler write_hint create_serialize create_fsync create_on_open create_only allow_file_create allow_mounted_write pre_read end_fsync fsync_on_close end_syncfs unlink unlink_each_loop rw rw_sequencer ioengine iodepth iodepth_batch iodepth_batch_complete_min iodepth_batch_complete_max iodepth_low serialize_overlap io_submit_mode size io_size offset offset_align offset_increment number_ios num_range bs ba bsrange bssplit bs_unaligned bs_is_seq_rand write_barrier direct atomic buffered mem iomem_align invalidate sync randrepeat randseed norandommap softrandommap sprandom spr_num_regions spr_op spr_cs random_generator random_distribution random_sequence_stride percentage_random percentage_sequential rwmixread rwmixwrite rwmixcycle thinktime thinktime_spin thinkcycles thinktime_blocks thinktime_blocks_type thinktime_iotime rate rate_min rate_iops rate_iops_min rate_process rate_cycle rate_ignore_thinktime max_latency latency_target latency_window latency_percentile latency_run flow_id flow flow_watermark flow_sleep verify do_verify verify_policy verifysort verifysort_nr verify_interval verify_offset verify_pattern verify_pattern_interval verify_fatal verify_dump verify_async verify_backlog verify_backlog_batch verify_async_cpus experimental_verify verify_state_load verify_state_save verify_journal verify_write_sequence verify_header_seed trim_percentage trim_verify_zero trim_backlog trim_backlog_batch write_iolog read_iolog read_iolog_chunked replay_no_stall replay_redirect replay_scale replay_align replay_time_scale replay_skip merge_blktrace_file merge_blktrace_scalars merge_blktrace_iters zonemode zonesize zonecapacity zonerange zoneskip read_beyond_wp max_open_zones job_max_open_zones ignore_zone_limits zone_reset_threshold zone_reset_frequency recover_zbd_write_error write_zone_remainder fdp dataplacement plid_select plids dp_scheme zero_buffers refill_buffers scramble_buffers buffer_pattern buffer_compress_percentage buffer_compress_chunk dedupe_percentage dedupe_global dedupe_mode dedupe_working_set_percentage group_reporting stats clat_percentiles lat_percentiles slat_percentiles percentile_list significant_figures disk_util gtod_reduce disable_lat disable_clat disable_slat disable_bw_measurement unified_rw_reporting kb_base unit_base per_job_logs write_bw_log write_lat_log write_iops_log log_entries log_avg_msec log_hist_msec log_hist_coarseness write_hist_log log_window_value log_offset log_prio log_issue_time log_compression log_compression_cpus log_store_compressed log_alternate_epoch log_alternate_epoch_clock_id block_error_percentiles bwavgtime iopsavgtime' ;;
        enghelp) echo 'sync psync vsync pvsync pvsync2 libaio io_uring io_uring_cmd posixaio solarisaio windowsaio mmap splice sg null net netsplice cpuio rdma falloc ftruncate e4defrag filecreate filestat filedelete dircreate dirstat dirdelete exec page_fault mtd external http nbd rbd rados gfapi gfapi_async nfs libiscsi libhdfs ime_psync ime_psyncv ime_aio dfs dev-dax libpmem pmemblk librpma_apm_client librpma_apm_server librpma_gpspm_client librpma_gpspm_server libzbc libblkio libcufile libhipfile xnvme guasi binject syslet' ;;
        debug) echo 'process file io mem blktrace verify random parse diskutil mutex profile time net rate compress steadystate helperthread zbd sprandom all' ;;
        profile) echo 'act tiobench' ;;
        idle-prof) echo 'system percpu calibrate' ;;
        memcpytest) echo 'memcpy memmove simple hybrid' ;;
        clocksource) echo 'gettimeofday clock_gettime cpu' ;;
        cpus_allowed_policy) echo 'shared split' ;;
        exit_what) echo 'group stonewall all' ;;
        continue_on_error) echo 'none read write io verify all 0 1' ;;
        error_dump|cgroup_nodelete|unique_filename|fill_device|fill_fs|file_append|overwrite|create_serialize|create_fsync|create_on_open|create_only|allow_file_create|allow_mounted_write|pre_read|end_fsync|fsync_on_close|end_syncfs|unlink|unlink_each_loop|serialize_overlap|bs_is_seq_rand|direct|atomic|buffered|invalidate|randrepeat|allrandrepeat|softrandommap|sprandom|random_sequence_stride|rate_ignore_thinktime|latency_run|do_verify|verify_fatal|verify_dump|experimental_verify|verify_state_load|verify_state_save|verify_write_sequence|verify_header_seed|trim_verify_zero|read_iolog_chunked|replay_no_stall|read_beyond_wp|ignore_zone_limits|recover_zbd_write_error|write_zone_remainder|fdp|scramble_buffers|dedupe_global|stats|clat_percentiles|lat_percentiles|slat_percentiles|disk_util|gtod_reduce|disable_lat|disable_clat|disable_slat|disable_bw_measurement|disable_bw|per_job_logs|log_offset|log_prio|log_issue_time|log_store_compressed|log_alternate_epoch|log_unix_epoch|block_error_percentiles|nowait|libaio_vectored|readfua|writefua|exit_on_io_done|skip_bad|std_redirect|pi_act|deac|nodelay|single_instance|hdfs_use_direct|single-instance|busy_poll|touch_objects) echo '0 1' ;;
        steadystate|ss) echo 'iops iops_slope bw bw_slope lat lat_slope' ;;
        filetype) echo 'none file block char' ;;
        lockfile) echo 'none exclusive readwrite' ;;
        file_service_type) echo 'random zipf pareto normal gauss roundrobin sequential' ;;
        fallocate) echo 'none native posix keep truncate 0 1' ;;
        fadvise_hint) echo '0 1 random sequential noreuse' ;;
        sync_file_range) echo 'wait_before write wait_after' ;;
        write_hint) echo 'none short medium long extreme' ;;
        rw|readwrite) echo 'read write trim randread randwrite randtrim rw readwrite randrw trimwrite randtrimwrite' ;;
        rw_sequencer) echo 'sequential identical' ;;
        ioengine) echo 'sync psync vsync pvsync pvsync2 libaio io_uring posixaio mmap splice null falloc ftruncate' ;;
        io_submit_mode) echo 'inline offload' ;;
        mem|iomem) echo 'malloc shm shmhuge mmap mmapshared mmaphuge cudamalloc' ;;
        sync) echo 'none 0 sync 1 dsync' ;;
        random_generator) echo 'tausworthe lfsr tausworthe64' ;;
        random_distribution) echo 'random zipf pareto normal zoned zoned_abs sequence' ;;
        thinktime_blocks_type) echo 'complete issue' ;;
        rate_process) echo 'linear poisson' ;;
        verify) echo '0 md5 crc64 crc32 crc32c-intel crc32c crc16 crc7 sha1 sha256 sha512 sha3-224 sha3-256 sha3-384 sha3-512 xxhash meta pattern pattern_hdr null' ;;
        verify_policy) echo 'completed fsynced' ;;
        verify_journal) echo 'off buffered sync' ;;
        replay_skip) echo 'read write trim sync' ;;
        zonemode) echo 'none strided zbd' ;;
        dataplacement|data_placement) echo 'none fdp streams' ;;
        plid_select|fdp_pli_select) echo 'random roundrobin scheme' ;;
        dedupe_mode) echo 'repeat working_set' ;;
        unified_rw_reporting) echo 'none mixed both 0 1 2' ;;
        kb_base) echo '1024 1000' ;;
        unit_base) echo '0 8 1' ;;
        log_window_value|log_max_value) echo 'avg max both 0 1' ;;
        sg_write_mode) echo 'write write_and_verify verify write_same same write_same_ndob verify_bytchk_00 verify_bytchk_01 verify_bytchk_11 write_stream' ;;
        cpumode) echo 'noop qsort' ;;
        stat_type) echo 'stat lstat statx' ;;
        write_mode) echo 'write uncor zeroes verify zone_append' ;;
        verify_mode) echo 'read compare' ;;
        cmd_type) echo 'nvme bsg' ;;
        cdb_len) echo '0 10 16 32' ;;
        verify_bytchk) echo '0 1 3' ;;
        read_mode) echo 'read prefetch' ;;
        pi_chk) echo 'GUARD REFTAG APPTAG' ;;
        protocol) echo 'tcp tcpv6 udp udpv6 unix vsock' ;;
        https) echo 'off on insecure' ;;
        http_mode) echo 'webdav s3 swift' ;;
        http_object_mode) echo 'block range' ;;
        verb) echo 'write read send recv' ;;
        libblkio_wait_mode) echo 'block eventfd loop' ;;
        cuda_io) echo 'cufile posix' ;;
        rocm_io) echo 'hipfile posix' ;;
        rbd_encryption_format) echo 'luks1 luks2' ;;
    esac
}

_fiord() {
    COMPREPLY=()
    local current=${COMP_WORDS[COMP_CWORD]} command= option= before= offers= word
    local -a words=()
    if ((COMP_CWORD == 1)) && [[ $current != -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$_fiord_commands" -- "$current")
        return
    fi
    if ((COMP_CWORD > 1)) && [[ " $_fiord_commands " == *" ${COMP_WORDS[1]} "* ]]; then
        command=${COMP_WORDS[1]}
    fi
    if [[ $current == --*=* ]]; then
        option=${current%%=*}
        before=$option=
        current=${current#*=}
    elif [[ $current == = ]]; then
        option=${COMP_WORDS[COMP_CWORD - 1]}
        current=
    elif ((COMP_CWORD > 2)) && [[ ${COMP_WORDS[COMP_CWORD - 1]} == = ]]; then
        option=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    if [[ $option == --* ]]; then
        offers=$(_fiord_command_values "$command/${option#--}")
        if [[ -z $offers ]] && _fiord_takes_jobs "$command"; then
            offers=$(_fiord_values "${option#--}")
        fi
        if [[ $current == *,* && " $_fiord_lists " == *" ${option#--} "* ]]; then
            before+=${current%,*},
            current=${current##*,}
        fi
    elif [[ $current == -* ]]; then
        offers=$(_fiord_switches_of "$command")
        if _fiord_takes_jobs "$command"; then
            offers+=" $_fiord_options $(_fiord_engine_options)"
        fi
    else
        offers=$(_fiord_words_of "$command")
    fi
    mapfile -t words < <(compgen -W "$offers" -- "$current")
    for word in "${words[@]}"; do
        COMPREPLY+=("$before$word")
    done
    _fiord_no_blank
}

# True if jobs follow the command, or if there is none.
_fiord_takes_jobs() {
    [[ -z $1 || " $_fiord_job_commands " == *" $1 "* ]]
}

# A value follows an equals sign at once.
_fiord_no_blank() {
    if [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *= ]]; then
        compopt -o nospace 2>/dev/null
    fi
}

# The options of the engine that the line names so far.
_fiord_engine_options() {
    local engine= word before=
    for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        case $before/$word in
            */--ioengine=*) engine=${word#*=} ;;
            */=) continue ;;
            --ioengine/*) engine=$word ;;
        esac
        before=$word
    done
    _fiord_options_of "$engine"
}

complete -o default -F _fiord fiord
