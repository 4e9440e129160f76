document.documentElement.dataset.lazy = "done";
