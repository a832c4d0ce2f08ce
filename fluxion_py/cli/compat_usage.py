"""The usage text of the compatible command line."""

USAGE = """usage: resource-query [OPTIONS...]

Match jobspecs (RFC 14) against a resource graph, one command per line of standard
input: allocate now, reserve later, ask, and give back. `help` lists the commands.

OPTIONS:
    -h, --help
            Show this text.
    -L, --load-file=FILE
            Description of the resources (default: conf/default).
    -f, --load-format=grug|hwloc|jgf|jgf_shorthand|rv1exec|rv1exec_force
            Format of that file (default: grug).
    -W, --load-allowlist=TYPE[,TYPE...]
            Load only vertices of these types (hwloc only).
    -S, --match-subsystems=SET
            Subsystems to match on, the first of a set is walked (default: CA):
            CA containment, IBA InfiniBand, IBBA InfiniBand bandwidth,
            PFS1BA parallel file system bandwidth, PA power, VA virtual,
            C+IBA, C+IBBA, C+PFS1BA, C+PA, IB+IBBA, C+P+IBA, V+PFS1BA, ALL.
    -P, --match-policy=POLICY
            What to prefer among vertices that fit (default: first):
            low, high, lonode, hinode, lonodex, hinodex, first, firstnodex,
            locality, variation, or "policy=high|low [node_centric=true|false]
            [node_exclusive=true|false] [stop_on_1_matches=true|false]".
    -F, --match-format=simple|pretty_simple|jgf|jgf_shorthand|rlite|rv1|rv1_nosched|rv1_shorthand
            Format of what was matched (default: simple).
    -T, --traverser-policy=simple|flexible
            flexible: sibling slots and xor_slots are alternatives (default: simple).
    -p, --prune-filters=HIGH:LOW[,HIGH:LOW...]
            Keep the total of LOW resources at every HIGH vertex; ALL stands for
            every type, for example rack:node,ALL:core (default: ALL:core,ALL:node).
    -r, --reserve-vtx-vec=SIZE
            Make room for this many vertices, 0 to 2000000 (default: 0).
    -t, --test-output=FILE
            Write results to FILE instead of standard output.
    -e, --elapse-time
            Print times, graph statistics and visit counts.
    -d, --disable-prompt
            Print no prompt.
    -g, --graph-format=dot|graphml
            Format of the graph output (default: dot).
    -o, --graph-output=NAME
            Write the loaded graph to NAME.dot or NAME.graphml.
    --fixed
            Answer correctly where resource-query is known to answer wrongly.
"""
