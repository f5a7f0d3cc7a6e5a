// Polls like the script of the real page: one script element per question, its answer in two globals.
// Begins after the page has loaded: a script that is waited for would keep the page loading as long as a poll is held.
function poll(last) {
  var script = document.createElement("script");
  var show = function (id) {
    ["waiting", "scanned", "refused"].forEach(function (other) {
      document.getElementById(other).hidden = other !== id;
    });
  };
  var again = function (delay, known) {
    setTimeout(function () { poll(known); }, delay);
  };
  window.wx_errcode = undefined;
  window.wx_code = "";
  script.src = "/connect/l/qrconnect?uuid=" + uuid + (last ? "&last=" + last : "") + "&_=" + Date.now();
  script.onload = function () {
    script.remove();
    switch (window.wx_errcode) {
      case 405:
        (selfRedirect ? window : window.top).location = callback + "code=" + window.wx_code + "&state=" + state;
        break;
      case 404:
        show("scanned");
        again(100, 404);
        break;
      case 403:
        show("refused");
        again(2000, 403);
        break;
      case 402:
      case 500:
        window.location.reload();
        break;
      default:
        again(2000, last);
    }
  };
  script.onerror = function () {
    script.remove();
    again(5000, last);
  };
  document.head.appendChild(script);
}
window.addEventListener("load", function () {
  setTimeout(poll, 0);
});
