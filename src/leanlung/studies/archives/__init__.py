"""Public archives: from the folder as people unzip it to a cohort, one file an archive."""

from __future__ import annotations

from leanlung.studies.archives import (
    actualmed,
    chexpert,
    covid19_ct,
    covid_chestxray,
    covid_ct,
    covidx,
    figure1,
    jsrt,
    kermany,
    medmnist,
    mimic_cxr,
    nih14,
    plain,
    radiography,
    rsna2018,
    tuberculosis,
)
from leanlung.studies.archives.archive import Archive

__all__ = ["ALIASES", "ARCHIVES", "Archive"]

_TB = "https://lhncbc.nlm.nih.gov/LHC-downloads/downloads.html"

ARCHIVES: dict[str, Archive] = {
    "rsna2018": Archive(
        rsna2018.read,
        rsna2018.fits,
        "RSNA pneumonia challenge 2018: 26,684 films, read by radiologists, DICOM",
        rsna2018.LICENCE,
        "https://www.kaggle.com/c/rsna-pneumonia-detection-challenge/data",
        "stage_2_detailed_class_info.csv and stage_2_train_images/<patientId>.dcm",
        frozenset({"mapping"}),
    ),
    "kermany": Archive(
        kermany.read,
        kermany.fits,
        "Kermany: 5,856 films of children, normal, bacterial and viral pneumonia",
        kermany.LICENCE,
        "https://data.mendeley.com/datasets/rscbjbr9sj or "
        "https://www.kaggle.com/datasets/paultimothymooney/chest-xray-pneumonia",
        "chest_xray/train/NORMAL/*.jpeg and chest_xray/train/PNEUMONIA/*.jpeg",
        frozenset({"merge_series"}),
    ),
    "covid_chestxray": Archive(
        covid_chestxray.read,
        covid_chestxray.fits,
        "ieee8023/covid-chestxray-dataset: films out of papers, patients told",
        "told image by image",
        "https://github.com/ieee8023/covid-chestxray-dataset",
        "metadata.csv and images/",
        frozenset({"revision"}),
    ),
    "radiography": Archive(
        radiography.read,
        radiography.fits,
        "COVID-19 Radiography Database v1 to v4: 21,165 films, no patient told",
        "of the sources, told in its workbooks",
        "https://www.kaggle.com/datasets/tawsifurrahman/covid19-radiography-database",
        "COVID/images/COVID-1.png (or COVID/COVID-1.png) and COVID.metadata.xlsx",
    ),
    "covidx": Archive(
        covidx.read,
        covidx.fits,
        "COVIDx lists of COVID-Net over images of other collections",
        "of the sources",
        "https://github.com/lindawangg/COVID-Net or "
        "https://www.kaggle.com/datasets/andyczhao/covidx-cxr2",
        "train*.txt and test*.txt, and images in train/ and test/",
        frozenset({"lists", "mapping"}),
    ),
    "actualmed": Archive(
        actualmed.read,
        actualmed.fits,
        "Actualmed COVID-19 chest X-ray data set",
        "see its repository",
        "https://github.com/agchung/Actualmed-COVID-chestxray-dataset",
        "metadata.csv with a column imagename, and images/",
    ),
    "figure1": Archive(
        figure1.read,
        figure1.fits,
        "Figure 1 COVID-19 chest X-ray data set",
        "see its repository",
        "https://github.com/agchung/Figure1-COVID-chestxray-dataset",
        "metadata.csv and images/COVID-00001.jpg",
    ),
    "nih14": Archive(
        nih14.read,
        nih14.fits,
        "NIH ChestX-ray14: 112,120 films of 30,805 patients, labels mined from reports",
        nih14.LICENCE,
        "https://nihcc.app.box.com/v/ChestXray-NIHCC",
        "Data_Entry_2017.csv and images/00000001_000.png",
        frozenset({"finding"}),
    ),
    "chexpert": Archive(
        chexpert.read,
        chexpert.fits,
        "CheXpert: 224,316 films of Stanford, labels mined from reports",
        chexpert.LICENCE,
        "https://stanfordmlgroup.github.io/competitions/chexpert",
        "train.csv, valid.csv and train/patient00001/study1/view1_frontal.jpg",
        frozenset({"finding", "uncertain"}),
    ),
    "mimic_cxr": Archive(
        mimic_cxr.read,
        mimic_cxr.fits,
        "MIMIC-CXR-JPG 2: 377,110 films of Boston, labels mined from reports",
        mimic_cxr.LICENCE,
        "https://physionet.org/content/mimic-cxr-jpg",
        "mimic-cxr-2.0.0-metadata.csv, -chexpert.csv and files/p10/…",
        frozenset({"finding", "uncertain"}),
    ),
    "medmnist": Archive(
        medmnist.read,
        medmnist.fits,
        "PneumoniaMNIST: Kermany at 28 to 224 pixels, for trying out",
        medmnist.LICENCE,
        "https://medmnist.com",
        "pneumoniamnist.npz",
    ),
    "montgomery": Archive(
        tuberculosis.read_montgomery,
        tuberculosis.fits_montgomery,
        "Montgomery: 138 films, tuberculosis or normal, lung masks",
        tuberculosis.LICENCE,
        _TB,
        "CXR_png/MCUCXR_0001_0.png and ManualMask/leftMask/",
    ),
    "shenzhen": Archive(
        tuberculosis.read_shenzhen,
        tuberculosis.fits_shenzhen,
        "Shenzhen: 662 films, tuberculosis or normal, 566 lung masks from elsewhere",
        tuberculosis.LICENCE,
        f"{_TB}; masks: https://www.kaggle.com/datasets/yoctoman/shcxr-lung-mask",
        "CXR_png/CHNCXR_0001_0.png",
    ),
    "lung_segmentation": Archive(
        tuberculosis.read_both,
        tuberculosis.fits_both,
        "Montgomery and Shenzhen with masks in one folder, as on Kaggle",
        tuberculosis.LICENCE,
        "https://www.kaggle.com/datasets/nikhilpandey360/chest-xray-masks-and-labels",
        "CXR_png/ and masks/ with CHNCXR_0001_0_mask.png and MCUCXR_0001_0.png",
    ),
    "jsrt": Archive(
        jsrt.read,
        jsrt.fits,
        "JSRT: 247 films, nodule or normal, lung masks of SCR",
        jsrt.LICENCE,
        "http://db.jsrt.or.jp/eng.php",
        "JPCLN001.IMG and JPCNN001.IMG",
    ),
    "covid19_ct": Archive(
        covid19_ct.read,
        covid19_ct.fits,
        "COVID-19 CT scans: 20 volumes with masks of lungs and infection, slice by slice",
        covid19_ct.LICENCE,
        "https://www.kaggle.com/datasets/andrewmvd/covid19-ct-scans or "
        "https://zenodo.org/records/3757476",
        "ct_scans/coronacases_org_001.nii, lung_mask/ and infection_mask/ (Zenodo: "
        "COVID-19-CT-Seg_20cases/, Lung_Mask/, Infection_Mask/)",
        frozenset({"infected_pixels"}),
        films=False,
    ),
    "covid_ct": Archive(
        covid_ct.read,
        covid_ct.fits,
        "COVID-CT: 746 CT pictures out of papers, covid or not",
        covid_ct.LICENCE,
        "https://github.com/UCSD-AI4H/COVID-CT",
        "CT_COVID/ and CT_NonCOVID/ (unzipped), Data-split/, COVID-CT-MetaInfo.xlsx",
        films=False,
    ),
    "plain": Archive(
        plain.read,
        plain.fits,
        "a folder of pictures of one class, such as the Twitter set; give --label",
        "unknown",
        "wherever the pictures are",
        "pictures",
        frozenset({"label", "source"}),
    ),
}
"""By name."""

ALIASES = {"twitter": "plain"}
"""Names of the catalogue that ``leanlung data fetch`` reads, where the layout has another."""
