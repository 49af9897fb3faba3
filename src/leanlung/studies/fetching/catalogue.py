"""The catalogue: known archives, what may be downloaded of them, and what needs an account.

A file stands here only where its publisher hands it out to everybody at a fixed address; a
checksum only where the publisher prints one. For everything else the page is named, and what to
do there by hand.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from leanlung.foundations.errors import UsageError
from leanlung.foundations.suggestions import did_you_mean


@dataclass(frozen=True)
class RemoteFile:
    """A file that anybody may download.

    Attributes:
        url: Where.
        name: What it is called on the disk; ``.zip``, ``.tar`` and ``.tar.gz`` are unpacked.
        checksum: ``sha256:…`` or ``md5:…`` as the publisher prints it; empty where none is
            printed, then what is found at the first download is noted and shown.
        states: Of a git repository: where any of its states is, with ``{revision}`` in it.
        revision: The state that is asked for; empty for the newest.
    """

    url: str
    name: str
    checksum: str = ""
    states: str = ""
    revision: str = ""


@dataclass(frozen=True)
class KnownArchive:
    """An archive that leanlung reads.

    Attributes:
        name: The same as of its layout.
        about: What it holds.
        licence: Under which conditions, in a sentence; the publisher's page is what counts.
        page: Of the publisher.
        size: Of all files together, roughly.
        files: What is downloaded.
        by_hand: What is not, and how to get it; empty where nothing is missing.
    """

    name: str
    about: str
    licence: str
    page: str
    size: str
    files: tuple[RemoteFile, ...] = ()
    by_hand: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Give the fields by name, ready for JSON."""
        return {**asdict(self), "files": [asdict(file) for file in self.files]}


def known_archive(name: str) -> KnownArchive:
    """Look an archive up.

    Raises:
        UsageError: If there is none of that name; the message says which there are.
    """
    if name in ARCHIVES:
        return ARCHIVES[name]
    hint = did_you_mean(name, ARCHIVES)
    msg = f"no archive {name!r} in the catalogue; there are {list(ARCHIVES)}{hint}"
    raise UsageError(msg)


def _snapshot(repository: str, name: str) -> tuple[RemoteFile, ...]:
    """Name the newest state of a repository as one zip file."""
    where = f"https://github.com/{repository}/archive"
    return (RemoteFile(f"{where}/HEAD.zip", name, states=f"{where}/{{revision}}.zip"),)


_NIH = {
    "vfk49d74nhbxq3nqjg0900w5nvkorp5c": "fe8ed0a6961412fddcbb3603c11b3698",
    "i28rlmbvmfjbl8p2n3ril0pptcmcu9d1": "ab07a2d7cbe6f65ddd97b4ed7bde10bf",
    "f1t00wrtdk94satdfb9olcolqx20z2jp": "2301d03bde4c246388bad3876965d574",
    "0aowwzs5lhjrceb3qp67ahp0rd1l1etg": "9f1b7f5aae01b13f4bc8e2c44a4b8ef6",
    "v5e3goj22zr6h8tzualxfsqlqaygfbsn": "1861f3cd0ef7734df8104f2b0309023b",
    "asi7ikud9jwnkrnkj99jnpfkjdes7l6l": "456b53a8b351afd92a35bc41444c58c8",
    "jn1b4mw4n6lnh74ovmcjb8y48h8xj07n": "1075121ea20a137b87f290d6a4a5965e",
    "tvpxmn7qyrgl0w8wfh9kqfjskv6nmm1j": "b61f34cec3aa69f295fbb593cbd9d443",
    "upyy3ml7qdumlgk2rfcvlb9k6gvqq2pj": "442a3caa61ae9b64e61c561294d1e183",
    "l6nilvfa9cg3s28tqv1qc1olm3gnz54p": "09ec81c4c31e32858ad8cf965c494b74",
    "hhq8fkdgvcari67vfhs7ppg2w6ni4jze": "499aefc67207a5a97692424cf5dbeed5",
    "ioqwiy20ihqwyr8pf4c24eazhh281pbu": "dc9fda1757c2de0032b63347a7d2895c",
}
"""Addresses of images_001 to images_012, with the MD5 that the NIH's answers give."""

_KAGGLE = "a free Kaggle account"

ARCHIVES: dict[str, KnownArchive] = {
    archive.name: archive
    for archive in (
        KnownArchive(
            name="rsna2018",
            about="26,684 labelled radiographs, pneumonia or not (DICOM)",
            licence="The competition's rules: research and teaching, no redistribution.",
            page="https://www.kaggle.com/c/rsna-pneumonia-detection-challenge",
            size="some MB, of 4 GB in all",
            files=(
                RemoteFile(
                    "https://s3.amazonaws.com/east1.public.rsna.org/AI/2018/"
                    "pneumonia-challenge-dataset-mappings_2018.json",
                    "pneumonia-challenge-dataset-mappings_2018.json",
                ),
            ),
            by_hand=(
                f"images and labels need {_KAGGLE} and a yes to the competition's rules; the "
                "mapping, which tells the patients, is what is downloaded here"
            ),
        ),
        KnownArchive(
            name="kermany",
            about="5,856 radiographs of children: normal, bacterial or viral pneumonia (JPEG)",
            licence="CC BY 4.0; cite Kermany et al. 2018.",
            page="https://data.mendeley.com/datasets/rscbjbr9sj/2",
            size="1.2 GB",
            files=(
                RemoteFile(
                    "https://data.mendeley.com/public-files/datasets/rscbjbr9sj/files/"
                    "f12eaf6d-6023-432f-acc9-80c9d7393433/file_downloaded",
                    "ChestXRay2017.zip",
                ),
            ),
        ),
        KnownArchive(
            name="covid_chestxray",
            about="radiographs and CT of COVID-19 and other pneumonias out of publications",
            licence=(
                "Another one for every image, in the column license of metadata.csv (CC BY, "
                "CC BY-NC-SA, Apache 2.0 …); the table itself CC BY-NC-SA 4.0."
            ),
            page="https://github.com/ieee8023/covid-chestxray-dataset",
            size="about 1 GB",
            files=_snapshot("ieee8023/covid-chestxray-dataset", "covid-chestxray-dataset.zip"),
        ),
        KnownArchive(
            name="radiography",
            about="21,165 radiographs out of other archives: COVID-19, opacity, normal, viral",
            licence="Told on its page; that of each source holds as well.",
            page="https://www.kaggle.com/datasets/tawsifurrahman/covid19-radiography-database",
            size="800 MB",
            by_hand=f"needs {_KAGGLE}",
        ),
        KnownArchive(
            name="covidx",
            about="radiographs put together from others, with lists of training and test part",
            licence="Told on its page; that of each source holds as well.",
            page="https://www.kaggle.com/datasets/andyczhao/covidx-cxr2",
            size="tens of GB",
            by_hand=f"needs {_KAGGLE}",
        ),
        KnownArchive(
            name="actualmed",
            about="238 radiographs, with and without COVID-19",
            licence="For research only, says its page; no other licence is named.",
            page="https://github.com/agchung/Actualmed-COVID-chestxray-dataset",
            size="hundreds of MB",
            files=_snapshot(
                "agchung/Actualmed-COVID-chestxray-dataset",
                "Actualmed-COVID-chestxray-dataset.zip",
            ),
        ),
        KnownArchive(
            name="figure1",
            about="55 radiographs, most of COVID-19",
            licence="For research only, says its page; no other licence is named.",
            page="https://github.com/agchung/Figure1-COVID-chestxray-dataset",
            size="tens of MB",
            files=_snapshot(
                "agchung/Figure1-COVID-chestxray-dataset", "Figure1-COVID-chestxray-dataset.zip"
            ),
        ),
        KnownArchive(
            name="nih14",
            about="112,120 radiographs of 30,805 patients, 14 findings read from reports (PNG)",
            licence="Free to use with the NIH Clinical Center and Wang et al. 2017 named.",
            page="https://nihcc.app.box.com/v/ChestXray-NIHCC",
            size="42 GB, and as much again while it is unpacked",
            files=tuple(
                RemoteFile(
                    f"https://nihcc.box.com/shared/static/{key}.gz",
                    f"images_{number:03d}.tar.gz",
                    f"md5:{md5}",
                )
                for number, (key, md5) in enumerate(_NIH.items(), start=1)
            ),
            by_hand=(
                "no account, but a browser: Data_Entry_2017_v2020.csv, train_val_list.txt and "
                "test_list.txt are handed out by the page alone"
            ),
        ),
        KnownArchive(
            name="chexpert",
            about="224,316 radiographs of 65,240 patients, 14 findings read from reports",
            licence="Stanford University's research use agreement; not for commercial use.",
            page="https://stanfordmlgroup.github.io/competitions/chexpert/",
            size="11 GB (small) or 440 GB",
            by_hand="needs an account with Stanford AIMI and a yes to its agreement",
        ),
        KnownArchive(
            name="mimic_cxr",
            about="377,110 radiographs of an emergency department (MIMIC-CXR-JPG)",
            licence="PhysioNet's credentialed health data licence.",
            page="https://physionet.org/content/mimic-cxr-jpg/2.0.0/",
            size="560 GB",
            by_hand=(
                "needs a credentialed PhysioNet account, the training it asks for (CITI) and a "
                "signed data use agreement"
            ),
        ),
        KnownArchive(
            name="medmnist",
            about="PneumoniaMNIST: 5,856 of the children's radiographs, 28 and 224 pixels wide",
            licence="CC BY 4.0; cite Yang et al. 2023 and Kermany et al. 2018.",
            page="https://zenodo.org/records/10519652",
            size="200 MB",
            files=(
                RemoteFile(
                    "https://zenodo.org/records/10519652/files/pneumoniamnist.npz?download=1",
                    "pneumoniamnist.npz",
                    "md5:28209eda62fecd6e6a2d98b1501bb15f",
                ),
                RemoteFile(
                    "https://zenodo.org/records/10519652/files/"
                    "pneumoniamnist_224.npz?download=1",
                    "pneumoniamnist_224.npz",
                    "md5:d6a3c71de1b945ea11211b03746c1fe1",
                ),
            ),
        ),
        KnownArchive(
            name="montgomery",
            about="138 radiographs, with and without tuberculosis, with lung masks",
            licence="Terms of the National Library of Medicine; cite Jaeger et al. 2014.",
            page="https://data.lhncbc.nlm.nih.gov/public/Tuberculosis-Chest-X-ray-Datasets/",
            size="600 MB",
            files=(
                RemoteFile(
                    "https://openi.nlm.nih.gov/imgs/collections/NLM-MontgomeryCXRSet.zip",
                    "NLM-MontgomeryCXRSet.zip",
                ),
            ),
        ),
        KnownArchive(
            name="shenzhen",
            about="662 radiographs, with and without tuberculosis",
            licence="Terms of the National Library of Medicine; cite Jaeger et al. 2014.",
            page="https://data.lhncbc.nlm.nih.gov/public/Tuberculosis-Chest-X-ray-Datasets/",
            size="3.8 GB",
            files=(
                RemoteFile(
                    "https://openi.nlm.nih.gov/imgs/collections/ChinaSet_AllFiles.zip",
                    "ChinaSet_AllFiles.zip",
                ),
            ),
            by_hand=(
                f"lung masks of 566 of them need {_KAGGLE}: "
                "https://www.kaggle.com/datasets/yoctoman/shcxr-lung-mask"
            ),
        ),
        KnownArchive(
            name="jsrt",
            about="247 digitised films, with and without a nodule (raw, 12 bits)",
            licence="Terms of the Japanese Society of Radiological Technology: research.",
            page="http://db.jsrt.or.jp/eng.php",
            size="1 GB",
            by_hand="needs a free registration on its page; its lung masks are another archive",
        ),
        KnownArchive(
            name="twitter",
            about="134 radiographs of COVID-19 that a radiologist in Spain made public",
            licence="None is named; ask the author.",
            page="https://twitter.com/ChestImaging",
            size="not told",
            by_hand="needs an account there; the images stand in single messages",
        ),
    )
}
