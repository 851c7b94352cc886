//! The functions of libpcap that crate `pcap` links, handed on to the real library once a capture starts.
//!
//! A program that links libpcap does not start where it is not installed, and is not built where its development files
//! are missing. So these are functions of the same names; each looks for its counterpart in a library that [`load`] opens. Before that,
//! or where the library lacks one, they fail as libpcap's own would: with -1 or without a handle.
//!
//! This crate knows nothing of packets.

#![cfg(target_os = "linux")]
#![expect(unsafe_code, reason = "functions of C are declared, found and called")]

use std::{
    ffi::{CStr, c_char, c_int, c_uint, c_void},
    mem::transmute,
    ptr::{null, null_mut},
    sync::{
        OnceLock,
        atomic::{AtomicPtr, Ordering},
    },
};

/// The names under which systems have the library: Debian's and its children's, that of others, and that of developers.
const NAMES: [&CStr; 3] = [c"libpcap.so.0.8", c"libpcap.so.1", c"libpcap.so"];

/// The library, or why there is none.
static LIBRARY: OnceLock<Result<AtomicPtr<c_void>, Missing>> = OnceLock::new();

/// The library cannot be opened.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{0}")]
pub struct Missing(String);

/// Opens the library, unless that was done before.
///
/// # Errors
///
/// It is not installed, or cannot be opened by this program.
pub fn load() -> Result<(), Missing> {
    keep();
    LIBRARY.get_or_init(open).as_ref().map(|_| ()).map_err(Clone::clone)
}

fn open() -> Result<AtomicPtr<c_void>, Missing> {
    let mut reason = None;
    for name in NAMES {
        // SAFETY: the name ends with a zero; libpcap does nothing when it is loaded.
        let library = unsafe { libc::dlopen(name.as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL) };
        if !library.is_null() {
            return Ok(AtomicPtr::new(library));
        }
        // SAFETY: after a failure, this is a text that ends with a zero and lives until the next call.
        let said = unsafe { libc::dlerror().as_ref().map(|said| CStr::from_ptr(said)) };
        reason = reason.or(said.map(|said| said.to_string_lossy().into_owned()));
    }
    Err(Missing(reason.unwrap_or_default()))
}

/// Where a function of the library is, if there is one.
fn find(known: &AtomicPtr<c_void>, name: &CStr) -> *mut c_void {
    let found = known.load(Ordering::Relaxed);
    if !found.is_null() {
        return found;
    }
    let Some(Ok(library)) = LIBRARY.get() else { return null_mut() };
    // SAFETY: the library is never closed, and the name ends with a zero.
    let found = unsafe { libc::dlsym(library.load(Ordering::Relaxed), name.as_ptr()) };
    known.store(found, Ordering::Relaxed);
    found
}

/// What a function gives that is not there.
trait Failed {
    fn failed() -> Self;
}

impl Failed for () {
    fn failed() -> Self {}
}

impl Failed for c_int {
    fn failed() -> Self {
        -1
    }
}

impl<T> Failed for *mut T {
    fn failed() -> Self {
        null_mut()
    }
}

impl<T> Failed for *const T {
    fn failed() -> Self {
        null()
    }
}

macro_rules! functions {
    ($(fn $name:ident($($argument:ident: $kind:ty),*) $(-> $result:ty)?;)*) => {
        $(
            #[unsafe(no_mangle)]
            unsafe extern "C" fn $name($($argument: $kind),*) $(-> $result)? {
                static KNOWN: AtomicPtr<c_void> = AtomicPtr::new(null_mut());
                const NAME: &CStr = match CStr::from_bytes_with_nul(concat!(stringify!($name), "\0").as_bytes()) {
                    Ok(name) => name,
                    Err(_) => panic!("a name without a zero in it"),
                };
                let found = find(&KNOWN, NAME);
                if found.is_null() {
                    return Failed::failed();
                }
                // SAFETY: libpcap has a function of this name and of these types (pcap/pcap.h), and the caller keeps to
                // what it demands.
                unsafe {
                    transmute::<*mut c_void, unsafe extern "C" fn($($kind),*) $(-> $result)?>(found)($($argument),*)
                }
            }
        )*

        /// Names every function, so that a linker which goes through libraries once takes them all with [`load`].
        fn keep() {
            std::hint::black_box([$($name as *const ()),*]);
        }
    };
}

/// A capture, a file that is written, a list of devices: nothing that is looked into here.
type Handle = *mut c_void;
/// Called for each packet.
type Handler = extern "C" fn(*mut u8, *const c_void, *const u8);

functions! {
    fn pcap_activate(capture: Handle) -> c_int;
    fn pcap_breakloop(capture: Handle);
    fn pcap_close(capture: Handle);
    fn pcap_compile(capture: Handle, program: Handle, text: *const c_char, optimize: c_int, mask: c_uint) -> c_int;
    fn pcap_create(device: *const c_char, error: *mut c_char) -> Handle;
    fn pcap_datalink(capture: Handle) -> c_int;
    fn pcap_datalink_name_to_val(name: *const c_char) -> c_int;
    fn pcap_datalink_val_to_description(link: c_int) -> *const c_char;
    fn pcap_datalink_val_to_name(link: c_int) -> *const c_char;
    fn pcap_dispatch(capture: Handle, count: c_int, handler: Handler, user: *mut u8) -> c_int;
    fn pcap_dump(user: *mut u8, header: *const c_void, packet: *const u8);
    fn pcap_dump_close(file: Handle);
    fn pcap_dump_flush(file: Handle) -> c_int;
    fn pcap_dump_fopen(capture: Handle, file: Handle) -> Handle;
    fn pcap_dump_open(capture: Handle, path: *const c_char) -> Handle;
    fn pcap_dump_open_append(capture: Handle, path: *const c_char) -> Handle;
    fn pcap_fileno(capture: Handle) -> c_int;
    fn pcap_findalldevs(devices: *mut Handle, error: *mut c_char) -> c_int;
    fn pcap_fopen_offline(file: Handle, error: *mut c_char) -> Handle;
    fn pcap_fopen_offline_with_tstamp_precision(file: Handle, precision: c_uint, error: *mut c_char) -> Handle;
    fn pcap_free_datalinks(links: *mut c_int);
    fn pcap_freealldevs(devices: Handle);
    fn pcap_freecode(program: Handle);
    fn pcap_get_selectable_fd(capture: Handle) -> c_int;
    fn pcap_geterr(capture: Handle) -> *mut c_char;
    fn pcap_list_datalinks(capture: Handle, links: *mut *mut c_int) -> c_int;
    fn pcap_loop(capture: Handle, count: c_int, handler: Handler, user: *mut u8) -> c_int;
    fn pcap_major_version(capture: Handle) -> c_int;
    fn pcap_minor_version(capture: Handle) -> c_int;
    fn pcap_next_ex(capture: Handle, header: *mut Handle, packet: *mut *const u8) -> c_int;
    fn pcap_offline_filter(program: *const c_void, header: *const c_void, packet: *const u8) -> c_int;
    fn pcap_open_dead(link: c_int, length: c_int) -> Handle;
    fn pcap_open_dead_with_tstamp_precision(link: c_int, length: c_int, precision: c_uint) -> Handle;
    fn pcap_open_offline(path: *const c_char, error: *mut c_char) -> Handle;
    fn pcap_open_offline_with_tstamp_precision(path: *const c_char, precision: c_uint, error: *mut c_char) -> Handle;
    fn pcap_sendpacket(capture: Handle, packet: *const u8, length: c_int) -> c_int;
    fn pcap_set_buffer_size(capture: Handle, bytes: c_int) -> c_int;
    fn pcap_set_datalink(capture: Handle, link: c_int) -> c_int;
    fn pcap_set_immediate_mode(capture: Handle, is_immediate: c_int) -> c_int;
    fn pcap_set_promisc(capture: Handle, is_promiscuous: c_int) -> c_int;
    fn pcap_set_rfmon(capture: Handle, is_monitor: c_int) -> c_int;
    fn pcap_set_snaplen(capture: Handle, length: c_int) -> c_int;
    fn pcap_set_timeout(capture: Handle, milliseconds: c_int) -> c_int;
    fn pcap_set_tstamp_precision(capture: Handle, precision: c_int) -> c_int;
    fn pcap_set_tstamp_type(capture: Handle, kind: c_int) -> c_int;
    fn pcap_setdirection(capture: Handle, direction: c_uint) -> c_int;
    fn pcap_setfilter(capture: Handle, program: Handle) -> c_int;
    fn pcap_setnonblock(capture: Handle, is_nonblocking: c_int, error: *mut c_char) -> c_int;
    fn pcap_stats(capture: Handle, counters: Handle) -> c_int;
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One test, because a process opens the library once.
    #[test]
    fn functions_fail_until_the_library_is_open() {
        // SAFETY: nothing is done with what they give but to close it.
        unsafe {
            assert!(pcap_open_dead(1, 65_535).is_null());
            assert_eq!(pcap_datalink_name_to_val(c"EN10MB".as_ptr()), -1);
            if let Err(missing) = load() {
                eprintln!("not tested: {missing}");
                assert!(!missing.to_string().is_empty());
                return;
            }
            assert_eq!(load(), Ok(()));
            assert_eq!(pcap_datalink_name_to_val(c"EN10MB".as_ptr()), 1);
            let capture = pcap_open_dead(113, 65_535);
            assert_eq!(pcap_datalink(capture), 113);
            pcap_close(capture);
        }
    }
}
