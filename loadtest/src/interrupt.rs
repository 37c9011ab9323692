//! Ctrl-C and the polite way to end a process.

use holdfast_loadtest::replay::Stop;
use holdfast_loadtest::report::ExitCode;
use tokio::signal::unix::{SignalKind, signal};

/// The first signal asks the run to end: what is in flight is finished and the report printed. The second one ends it.
pub(crate) fn listen(stop: Stop) {
    let signals = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
    let (Ok(mut interrupt), Ok(mut terminate)) = signals else {
        // Without a handler the signals end the process, which is what they are for.
        return;
    };
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            if stop.is_asked() {
                std::process::exit(ExitCode::Interrupted as i32);
            }
            eprintln!("ending: what is in flight is finished; once more ends at once");
            stop.ask();
        }
    });
}
