//! Reads a QR code with the camera. The pictures stay in the page's memory and are dropped one by
//! one; the reader is a module of its own that is fetched the first time.

use js_sys::{Function, Object, Promise, Reflect, Uint8Array};
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{CanvasRenderingContext2d, HtmlVideoElement, MediaStream, MediaStreamConstraints};

use crate::app::app;

/// The longer side of a picture that is read, in pixels.
const SIDE_MAX: u32 = 640;
const PICTURE_MILLISECONDS: i32 = 150;

async fn sleep(milliseconds: i32) {
    let promise = Promise::new(&mut |resolve, _| {
        if let Some(window) = web_sys::window() {
            let _ = window
                .set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, milliseconds);
        }
    });
    let _ = JsFuture::from(promise).await;
}

/// The reader of codes: `folgeScanner()` of the page's start script brings it.
async fn reader() -> Result<Function, JsValue> {
    let window = web_sys::window().ok_or(JsValue::NULL)?;
    let load: Function = Reflect::get(&window, &"folgeScanner".into())?.dyn_into()?;
    let module: Promise = load.call0(&JsValue::NULL)?.dyn_into()?;
    let module = JsFuture::from(module).await?;
    Reflect::get(&module, &"scan".into())?.dyn_into()
}

async fn stream() -> Result<MediaStream, JsValue> {
    let window = web_sys::window().ok_or(JsValue::NULL)?;
    let video = Object::new();
    Reflect::set(&video, &"facingMode".into(), &"environment".into())?;
    let constraints = MediaStreamConstraints::new();
    constraints.set_audio(&JsValue::FALSE);
    constraints.set_video(&video);
    let devices = window.navigator().media_devices()?;
    let stream = devices.get_user_media_with_constraints(&constraints)?;
    JsFuture::from(stream).await?.dyn_into()
}

fn stop(stream: &MediaStream) {
    for track in stream.get_tracks() {
        if let Ok(track) = track.dyn_into::<web_sys::MediaStreamTrack>() {
            track.stop();
        }
    }
}

/// The picture now, in grey.
fn picture(
    video: &HtmlVideoElement,
    canvas: &web_sys::HtmlCanvasElement,
) -> Option<(u32, u32, Vec<u8>)> {
    let (width, height) = (video.video_width(), video.video_height());
    let longer = width.max(height);
    if longer == 0 {
        return None;
    }
    let scale = f64::from(SIDE_MAX.min(longer)) / f64::from(longer);
    let side = |of: u32| (f64::from(of) * scale) as u32;
    let (width, height) = (side(width), side(height));
    canvas.set_width(width);
    canvas.set_height(height);
    let context: CanvasRenderingContext2d = canvas.get_context("2d").ok()??.dyn_into().ok()?;
    let (w, h) = (f64::from(width), f64::from(height));
    context
        .draw_image_with_html_video_element_and_dw_and_dh(video, 0.0, 0.0, w, h)
        .ok()?;
    let data = context.get_image_data(0.0, 0.0, w, h).ok()?.data();
    let grey = data.chunks_exact(4).map(|pixel| {
        let sum = u32::from(pixel[0]) * 3 + u32::from(pixel[1]) * 6 + u32::from(pixel[2]);
        u8::try_from(sum / 10).unwrap_or(u8::MAX)
    });
    Some((width, height, grey.collect()))
}

/// The camera's picture; gives `found` the first code that it reads.
#[component]
pub(crate) fn Camera(found: Callback<String>) -> impl IntoView {
    let t = app().t();
    let video = NodeRef::<leptos::html::Video>::new();
    let canvas = NodeRef::<leptos::html::Canvas>::new();
    let failed = RwSignal::new(false);
    let ended = RwSignal::new(false);
    on_cleanup(move || {
        ended.try_set(true);
    });
    Effect::new(move |_| {
        let (Some(video), Some(canvas)) = (video.get(), canvas.get()) else {
            return;
        };
        spawn_local(async move {
            let read = async {
                let scan = reader().await?;
                let stream = stream().await?;
                video.set_src_object(Some(&stream));
                if let Ok(playing) = video.play() {
                    let _ = JsFuture::from(playing).await;
                }
                let over = || ended.try_get_untracked().unwrap_or(true);
                let mut read = None;
                while !over() && read.is_none() {
                    if let Some((width, height, grey)) = picture(&video, &canvas) {
                        let grey = Uint8Array::from(grey.as_slice());
                        let code =
                            scan.call3(&JsValue::NULL, &width.into(), &height.into(), &grey)?;
                        read = code.as_string();
                    }
                    sleep(PICTURE_MILLISECONDS).await;
                }
                stop(&stream);
                Ok::<_, JsValue>(read)
            };
            match read.await {
                Ok(Some(code)) => found.run(code),
                Ok(None) => {}
                Err(_) => {
                    failed.try_set(true);
                }
            }
        });
    });
    view! {
        <div class="camera">
            {move || if failed.get() {
                view! { <p class="notice warn" role="alert">{t.camera_none}</p> }.into_any()
            } else {
                view! { <p role="status">{t.camera_point}</p> }.into_any()
            }}
            <video node_ref=video playsinline="" muted="" aria-label=t.camera hidden=move || failed.get()></video>
            <canvas node_ref=canvas hidden=true></canvas>
        </div>
    }
}
