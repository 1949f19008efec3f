from services.dataprep.main import main

main()
