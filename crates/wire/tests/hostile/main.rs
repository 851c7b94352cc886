//! What hostile input costs in memory; what it costs in time is measured by `cargo bench -p kefu-wire --bench hostile`.

mod cases;
mod counting;

/// No input of a megabyte may take more.
const BYTES_MAX: usize = 64 << 20;

#[test]
fn no_input_of_a_megabyte_takes_more_than_64_mb() {
    let mut most = (0, String::new());
    for case in cases::all() {
        assert!(case.bytes <= (1 << 20) + 300_000, "{}: {} bytes", case.name, case.bytes);
        let (_outcome, peak) = counting::peak_of(&case.run);
        assert!(peak <= BYTES_MAX, "{} takes {peak} bytes", case.name);
        most = most.max((peak, case.name));
    }
    assert!(most.0 > 1 << 20, "nothing was counted: {most:?}");
}
