//! A body from a stranger, in chunks: how it is cut does not matter, and no more comes out than went in.

#![no_main]

use kefu_media::{Event, Multipart, MultipartError};
use libfuzzer_sys::fuzz_target;

fn read(body: &[u8], chunk: usize) -> Result<(Vec<Event>, usize), MultipartError> {
    let mut multipart = Multipart::new("multipart/form-data; boundary=XYZ")?;
    let (mut events, mut data) = (Vec::new(), Vec::new());
    let mut size = 0;
    for chunk in body.chunks(chunk) {
        multipart.push(chunk);
        while let Some(event) = multipart.next()? {
            match event {
                Event::Data(bytes) => data.extend_from_slice(&bytes),
                Event::PartEnd => {
                    size += data.len();
                    events.push(Event::Data(std::mem::take(&mut data).into()));
                }
                Event::End => break,
                Event::Part(part) => events.push(Event::Part(part)),
            }
        }
    }
    multipart.finish()?;
    Ok((events, size))
}

fuzz_target!(|input: (u8, &[u8])| {
    let (chunk, body) = input;
    let whole = read(body, body.len().max(1));
    if let Ok((_, size)) = &whole {
        assert!(*size <= body.len());
    }
    // A head that is too long shows at another byte when it comes in pieces; whatever is well-formed is the same.
    let cut = read(body, usize::from(chunk).max(1));
    assert_eq!(whole.is_ok(), cut.is_ok());
    if let (Ok(whole), Ok(cut)) = (whole, cut) {
        assert_eq!(whole, cut);
    }
});
